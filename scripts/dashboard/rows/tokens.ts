/** What publishing lives on: AWS credentials, and the token that is signed with them. */
import { type Graph, graph, table } from '../panels.ts'
import { andOpen, ofProvider, whereOpen, withoutTimer, withTimer } from '../promql.ts'
import { label, series } from '../series.ts'
import { threshold } from '../thresholds.ts'

/** Quantiles instead of a line for each process: as many lines at 1 000 processes as at 1. */
const worstAndMedian = (life: string): Graph['lines'] => [
  { expr: `min(${life})`, legend: 'least' },
  { expr: `quantile(0.5, ${life})`, legend: 'median' },
]

const life = whereOpen(series.tokenLife, withTimer)
const wholeLife = `(${ofProvider(series.tokenLife)} + ${ofProvider(series.tokenAge)})`
export const ALERT_LINE = 'alert below'

const credentials = () =>
  graph({
    title: 'AWS credentials: life left',
    description: `Of all processes chosen: the least and the median. Normal: a saw-tooth that stays above both lines: ${threshold.credentialsSeconds.failing} s, where the alert begins if refreshes fail, and ${threshold.credentialsSeconds.always} s, where it begins anyway. Least low and median high: one process. Both low: its source, such as STS.`,
    unit: 's',
    noValue: 'The credentials do not say when they end, as static keys do.',
    width: 8,
    lines: worstAndMedian(whereOpen(series.credentialsLife)),
    limits: [threshold.credentialsSeconds.always, threshold.credentialsSeconds.failing],
  })

const tokens = () =>
  graph({
    title: 'Token: life left',
    description: `Of all processes chosen: the least and the median. Normal, with the timer: a saw-tooth between 15 and 5 minutes. The alert begins when ${threshold.tokenShare * 100} % of a token's life is left. Without the timer a token runs out between two authentications.`,
    unit: 's',
    noValue: 'No provider has a token.',
    width: 8,
    lines: [
      ...worstAndMedian(life),
      { expr: `min(${whereOpen(series.tokenLife, withoutTimer)})`, legend: 'least, without the timer' },
      { expr: `min(${threshold.tokenShare} * ${wholeLife} > 0 ${andOpen(withTimer)})`, legend: ALERT_LINE },
    ],
  }).overrideByName(ALERT_LINE, [
    { id: 'color', value: { mode: 'fixed', fixedColor: 'red' } },
    { id: 'custom.lineStyle', value: { fill: 'dash', dash: [8, 8] } },
    { id: 'custom.lineWidth', value: 1 },
    { id: 'custom.fillOpacity', value: 0 },
  ])

const each = [label.service, label.provider, label.instance].join(', ')
const shortest = `bottomk(10, min by (${each}) (${life}))`

const shortestLived = () =>
  table({
    title: 'The ten with the least life left',
    description: `Which processes hold the tokens that end first, and what their credentials have left. Normal: more than ${threshold.tokenSeconds} s.`,
    unit: 's',
    noValue: 'No provider has a token.',
    width: 8,
    exprs: [shortest, `min by (${each}) (${whereOpen(series.credentialsLife)}) and on (${each}) ${shortest}`],
  })
    .withTransformation({ id: 'merge', options: {} })
    .withTransformation({
      id: 'organize',
      options: {
        excludeByName: { Time: true },
        indexByName: {
          'Value #A': 0,
          'Value #B': 1,
          [label.service]: 2,
          [label.provider]: 3,
          [label.instance]: 4,
        },
      },
    })
    .withTransformation({ id: 'sortBy', options: { sort: [{ field: 'Value #A' }] } })
    .overrideByName('Value #A', [{ id: 'displayName', value: 'token' }])
    .overrideByName('Value #B', [{ id: 'displayName', value: 'credentials' }])

export const tokenPanels = () => [credentials(), tokens(), shortestLived()]
