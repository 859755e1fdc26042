/** Making new tokens. Rare: one in 7 to 10 minutes for each provider. */
import { runbookOfLine } from '../links.ts'
import { graph } from '../panels.ts'
import {
  grown,
  grownOfMany,
  ofProvider,
  quantileOfFew,
  succeeded,
  sum,
  WINDOW,
  whereOpen,
} from '../promql.ts'
import { label, series } from '../series.ts'

const byCode = (counter: string) => sum(grown(ofProvider(counter), WINDOW), label.code)
const code = `{{${label.code}}}`

const results = () =>
  graph({
    title: 'Refreshes by result',
    description:
      'Refreshes in the window before each point: 4 minutes, more when zoomed out. Normal: ok alone. A failed refresh costs nothing while the token lives; the code says what is wrong.',
    unit: 'short',
    noValue: 'Nothing was refreshed.',
    width: 8,
    lines: [
      { expr: sum(grownOfMany(ofProvider(series.refresh.count, succeeded), WINDOW)), legend: 'ok' },
      { expr: byCode(series.refreshFailures), legend: code },
    ],
    links: [runbookOfLine],
  })

const inARow = () =>
  graph({
    title: 'Failed refreshes in a row',
    description:
      'The most of any process, and how many processes have failed at least once. Normal: 0. The alert begins at 3 in a row; without the timer at 1.',
    unit: 'short',
    noValue: 'No provider tells.',
    width: 8,
    lines: [
      { expr: `max(${whereOpen(series.failuresInARow)})`, legend: 'most in a row' },
      {
        expr: `count((${whereOpen(series.failuresInARow)}) > 0) or 0 * count(${ofProvider(series.providers)})`,
        legend: 'processes',
      },
    ],
    limits: [3],
  })

const duration = () =>
  graph({
    title: 'Duration of a refresh',
    description:
      'Over 15 minutes, all attempts and waits together. Normal: below 1 s. At most 8 s, then the refresh fails with signer_timeout.',
    unit: 's',
    noValue: 'Nothing was refreshed.',
    width: 8,
    lines: [0.5, 0.95].map((quantile) => ({
      expr: quantileOfFew(quantile, ofProvider(series.refresh.bucket), '15m'),
      legend: `p${quantile * 100}`,
    })),
  })

const requests = () =>
  graph({
    title: 'What callers got',
    description:
      'Calls for a token by result, in the window before each point. Normal: hit, and a miss when a process starts. stale: the last refresh failed and the old token serves. error: there was no token.',
    unit: 'short',
    noValue: 'Nobody asked for a token.',
    width: 12,
    lines: [
      {
        expr: `${sum(`increase(${ofProvider(series.tokenRequests)}[${WINDOW}])`, label.tokenResult)} > 0`,
        legend: `{{${label.tokenResult}}}`,
      },
    ],
  })

const retries = () =>
  graph({
    title: 'Retries of the signer, by code',
    description:
      'Attempts after a transient failure, in the window before each point. Normal: none. Retries that succeed are an early sign of trouble with STS or the metadata endpoint.',
    unit: 'short',
    noValue: 'Nothing was retried.',
    width: 12,
    lines: [{ expr: byCode(series.signerRetries), legend: code }],
    links: [runbookOfLine],
  })

export const refreshPanels = () => [results(), inARow(), duration(), requests(), retries()]
