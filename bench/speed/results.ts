/** bench/RESULTS.md. */
import { readFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { bytes, count, table } from '../cost/words.ts'
import type { Effort } from './contest.ts'
import type { Entry, Loaded, PackageSize } from './entries.ts'
import { type Growth, STEADY_BYTES } from './growth.ts'
import { costsOf, ratiosOf } from './page.ts'
import { ROOT } from './places.ts'
import { TOO_NOISY, type Verdict } from './verdict.ts'

export interface Results {
  readonly commit: string
  readonly day: string
  readonly effort: Effort
  readonly verdicts: readonly Verdict[]
  readonly entries: readonly { readonly entry: Entry; readonly loaded: Loaded; readonly ms: number }[]
  readonly size: PackageSize
  readonly growth: readonly Growth[]
}

export const RESULTS = new URL('../RESULTS.md', import.meta.url)

export function resultsPage(results: Results): string {
  const { verdicts, entries, size, growth, effort } = results
  const noisy = verdicts.filter(({ noise }) => noise >= TOO_NOISY).length
  return `# Results of \`npm run bench\`

Written by the bench; do not edit. ${results.day}, commit ${results.commit}.

${machine()}

Every contender runs in a process of its own and takes turns with the others in blocks of 20 ms of CPU, in random order: ${effort.blocks} blocks for a sample, ${effort.samples} samples in each of ${effort.launches} launches. A ratio is worked out for each sample; the tables show the median, and in brackets between which values three quarters of the samples are. The broker is a socket in memory, so that neither network nor disk is measured. CPU is that of all threads; bytes are what is allocated, where nothing was collected meanwhile. Compare ratios between machines, not times.

Bare kafkajs is measured twice. Where it differs from itself by ${100 * TOO_NOISY} % or more, the row is invalid: ${noisy} of ${verdicts.length} here.

## Compared with the peers

The peer is @opentelemetry/instrumentation-kafkajs ${versionOf('@opentelemetry/instrumentation-kafkajs')}, which makes one span a message, also for a batch; "over bare" is what is used beyond kafkajs alone. A token hit is compared with @eventferry/kafka-iam's cache, which records nothing.

${ratiosOf(verdicts)}

## What one costs

On this machine, while it was measured. "bare" of a token hit is an empty async function.

${costsOf(verdicts)}

## Loading

CPU that importing takes beyond a process that imports nothing, and what is loaded, other packages included.

${table(
  ['entry', 'CPU', 'modules', 'bytes of their files'],
  entries.map(({ entry, ms, loaded }) => [
    `\`${entry}\``,
    `${ms.toFixed(1)} ms`,
    count(loaded.modules),
    bytes(loaded.bytes),
  ]),
)}

The package: ${count(size.files)} files, ${bytes(size.unpacked)} unpacked.

## Growth

The heap in use after a full collection. It is steady if it grew by less than ${bytes(STEADY_BYTES)}.

${table(
  ['done', 'times', 'after a tenth', 'after all', ''],
  growth.map(({ title, times, heaps: { afterTenth, afterAll } }) => [
    title,
    count(times),
    bytes(afterTenth),
    bytes(afterAll),
    afterAll - afterTenth < STEADY_BYTES ? 'steady' : '**grew**',
  ]),
)}
`
}

function machine(): string {
  const processors = cpus()
  const versions = ['kafkajs', '@opentelemetry/api', '@opentelemetry/sdk-node'].map(
    (name) => `${name} ${versionOf(name)}`,
  )
  return `${processors.length} × ${processors[0]?.model ?? 'unknown'}, ${bytes(totalmem())} of memory, ${process.platform} ${process.arch}; Node ${process.versions.node}, V8 ${process.versions.v8}; ${versions.join(', ')}.`
}

function versionOf(name: string): string {
  const file = `${ROOT}/bench/peers/node_modules/${name}/package.json`
  return JSON.parse(readFileSync(file, 'utf8')).version
}
