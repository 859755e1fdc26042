/** What importing each entry of the built package costs a process that has just started. */
import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

export const ENTRIES = { '.': 'dist/index.js', './testing': 'dist/testing/index.js' } as const
export type Entry = keyof typeof ENTRIES

export interface Loaded {
  readonly modules: number
  /** Of their files. */
  readonly bytes: number
}

/** With everything that the entry imports from other packages. */
export function loadedBy(folder: string, entry: Entry): Loaded {
  const urls: string[] = JSON.parse(
    inProcess(`
      import { registerHooks } from 'node:module'
      const urls = []
      registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) })
      await import(${urlOf(folder, entry)})
      console.log(JSON.stringify(urls))`),
  )
  const files = urls.filter((url) => url.startsWith('file:')).map((url) => fileURLToPath(url))
  return { modules: files.length, bytes: files.reduce((sum, file) => sum + statSync(file).size, 0) }
}

/** How much longer the process takes than one that imports nothing, ms of CPU: the median of pairs. */
export function importTime(folder: string, entry: Entry, pairs = 15): number {
  const cpu = (work: string) =>
    Number(
      inProcess(`${work}
        const { user, system } = process.cpuUsage()
        console.log((user + system) / 1000)`),
    )
  const found = Array.from(
    { length: pairs },
    () => cpu(`await import(${urlOf(folder, entry)})`) - cpu('await undefined'),
  )
  return found.sort((a, b) => a - b)[Math.floor(pairs / 2)] ?? Number.NaN
}

export interface PackageSize {
  readonly files: number
  readonly unpacked: number
}

export function packageSize(folder: string): PackageSize {
  const answer = execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [packed] = Object.values(JSON.parse(answer)) as { entryCount: number; unpackedSize: number }[]
  return { files: packed?.entryCount ?? Number.NaN, unpacked: packed?.unpackedSize ?? Number.NaN }
}

const urlOf = (folder: string, entry: Entry) =>
  JSON.stringify(pathToFileURL(join(folder, ENTRIES[entry])).href)

const inProcess = (code: string): string =>
  execFileSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' })
