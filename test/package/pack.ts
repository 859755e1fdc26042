import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'

declare module 'vitest' {
  export interface ProvidedContext {
    packed: {
      /** A temporary folder of this run. */
      folder: string
      tarball: string
      /** Of the files in the tarball. */
      paths: string[]
    }
  }
}

/** Builds and packs once for all tests of the packed package. */
export function setup({ provide }: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), 'kafka-iam-otel-'))
  execFileSync('npm', ['run', 'build'], { stdio: 'pipe' })
  const output = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const reports = JSON.parse(output)
  const { filename, files } = Array.isArray(reports) ? reports[0] : Object.values(reports)[0]
  const paths = files.map(({ path }: { path: string }) => path)
  provide('packed', { folder, tarball: join(folder, filename), paths })
  return () => rmSync(folder, { recursive: true, force: true })
}
