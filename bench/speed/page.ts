/** The tables of bench/RESULTS.md. */
import { count, table } from '../cost/words.ts'
import type { Figure } from './figures.ts'
import { type Spread, TOO_NOISY, type Unit, type Verdict } from './verdict.ts'

const PEERS: Readonly<Record<Figure['against'], string>> = {
  ancestor: "@eventferry/kafka-iam's cache",
  peer: '@opentelemetry/instrumentation-kafkajs',
}

export const headOf = ({ title, sdk }: Figure): string => `${title}, ${sdk ? 'with' : 'without'} an SDK`

/** Ratios to the peer, and whether the goal is met. */
export const ratiosOf = (verdicts: readonly Verdict[]): string =>
  table(
    ['figure', 'build', 'compared with', 'CPU', 'goal', 'bytes allocated', 'goal', 'bare / bare'],
    verdicts.flatMap(({ figure, ratios, noise }) =>
      [...ratios].map(([build, { us, bytes }]) => [
        headOf(figure),
        build,
        `${PEERS[figure.against]}${figure.over ? `, over ${figure.over}` : ''}`,
        ratioOf(us),
        goalOf(us, figure.goal?.us),
        ratioOf(bytes),
        goalOf(bytes, figure.goal?.bytes),
        `${(100 * noise).toFixed(1)} %${noise >= TOO_NOISY ? ': **invalid**' : ''}`,
      ]),
    ),
  )

/** What one time costs: of this machine, in this hour. */
export const costsOf = (verdicts: readonly Verdict[]): string =>
  table(
    ['figure', 'who', 'CPU', 'bytes allocated', 'spans'],
    verdicts.flatMap(({ figure, costs, spans }) =>
      [...costs].map(([name, cost]) => [
        headOf(figure),
        name,
        costOf(cost.us, 'us'),
        costOf(cost.bytes, 'bytes'),
        count(spans.get(name) ?? 0),
      ]),
    ),
  )

/** Further builds beside the first one. */
export const buildsOf = (verdicts: readonly Verdict[]): string =>
  table(
    ['figure', 'build, to the first one', 'CPU', 'CPU over bare', 'bytes', 'bytes over bare', 'bare / bare'],
    verdicts.flatMap(({ figure, toFirst, noise }) =>
      [...toFirst].map(([build, { us, bytes }]) => [
        headOf(figure),
        build,
        ratioOf(us.whole),
        ratioOf(us.over),
        ratioOf(bytes.whole),
        ratioOf(bytes.over),
        `${(100 * noise).toFixed(1)} %${noise >= TOO_NOISY ? ': **invalid**' : ''}`,
      ]),
    ),
  )

const ratioOf = ({ median, low, high }: Spread): string =>
  `${median.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`

const goalOf = ({ median }: Spread, goal: number | undefined): string =>
  goal === undefined ? '–' : `≤ ${goal}: ${median <= goal ? 'met' : '**missed**'}`

function costOf({ median }: Spread, unit: Unit): string {
  if (unit === 'bytes') return `${count(Math.round(median))} B`
  return median < 10 ? `${count(1000 * median)} ns` : `${count(median)} µs`
}
