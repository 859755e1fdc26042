import type { Report } from './report.ts'

/** One JSON object a line. Every trace of a scene is in it, not only the first. */
export function jsonReport(out: NodeJS.WritableStream): Report {
  const write = (line: object) => void out.write(`${JSON.stringify(line)}\n`)
  return {
    begin: (exportingTo) => write({ type: 'begin', ...(exportingTo ? { exportingTo } : {}) }),
    event: (at, text) => write({ type: 'event', at, text }),
    scene: (at, scene, trace, first) => write({ type: 'trace', at, scene, first, ...trace }),
    caught: (failure) => write({ type: 'caught', ...failure }),
    end: (summary) => write({ type: 'end', ...summary }),
  }
}
