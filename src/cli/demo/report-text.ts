import { metricsTable } from './metrics-table.ts'
import type { Paint } from './paint.ts'
import type { Tally } from './publishing.ts'
import type { Report, Summary } from './report.ts'
import { scenes } from './scenes.ts'
import { hanging, treeLines, wrap } from './tree.ts'

/** For people, `width` columns wide. */
export function textReport(out: NodeJS.WritableStream, width: number, paint: Paint): Report {
  const write = (...lines: string[]) => void out.write(`${lines.join('\n')}\n`)
  const paragraph = (text: string, shade = (line: string) => line) => write(...wrap(text, width).map(shade))
  let number = 0
  return {
    begin(exportingTo) {
      paragraph('A Kafka that checks IAM tokens, an STS and four services, all in this process.')
      paragraph('Tokens live for 13 s and sessions for 6 s, so that 15 s show what takes an hour on MSK.')
      if (exportingTo) paragraph(`Traces and metrics go to ${exportingTo} as well.`)
    },
    event: (at, text) => {
      write('', ...hanging(`▸ ${at.toFixed(0).padStart(2)} s  `, text, width).map(paint.event))
    },
    scene(_at, scene, trace, first) {
      if (!first) return
      number += 1
      const { title, text } = scenes[scene]
      write('', paint.title(`${number}. ${title}`))
      paragraph(text)
      write('', ...treeLines(trace, width, paint))
    },
    caught({ message, code, hint, requestId }) {
      write('', 'What the code of the service catches:')
      for (const [name, value] of Object.entries({
        message,
        'failure.code': code,
        'failure.hint': hint,
        'failure.requestId': requestId ?? '',
      })) {
        write(...hanging(`  ${name.padEnd(19)}`, value, width))
      }
    },
    end: (summary) => write('', ...endLines(summary, width, paint)),
  }
}

function told({ topic, published, once, failed, failure }: Tally): string {
  const failures = failed === 0 ? 'none failed' : `${failed} failed (${failure})`
  return `${topic}: ${published} messages published, ${once} of them in the topic exactly once, ${failures}.`
}

function endLines(summary: Summary, width: number, paint: Paint): string[] {
  const { ok, seconds, missing, problems, notes, tallies, series, links } = summary
  const all = Object.keys(scenes).length
  return [
    paint.title('Metrics'),
    ...wrap(
      'As OpenTelemetry gets them: counts, gauges, and histograms as count × mean. Series that are 0 are left out.',
      width,
    ),
    '',
    metricsTable(series),
    '',
    ...tallies.flatMap((tally) => wrap(told(tally), width)),
    ...(links.length > 0
      ? ['', 'In Jaeger:', ...links.map(({ url }, index) => `${String(index + 1).padStart(4)}. ${url}`)]
      : []),
    '',
    ...missing.map((scene) => paint.error(`Not seen: ${scenes[scene].title}`)),
    ...notes.flatMap((note) => wrap(note, width)),
    ...problems.flatMap((problem) => wrap(problem, width)).map(paint.error),
    ok
      ? paint.good(`Everything was seen, ${all} of ${all}, in ${seconds.toFixed(0)} s.`)
      : paint.error(`${all - missing.length} of ${all} were seen, in ${seconds.toFixed(0)} s.`),
    'What each of them means: docs/demo.md in the package kafka-iam-otel.',
  ]
}
