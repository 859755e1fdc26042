import { type Fleet, STEP, World } from './world.ts'

/** An alert that has to come, in minutes since the beginning. */
export interface Firing {
  readonly alert: string
  /** Besides its name, severity and service. */
  readonly labels?: Readonly<Record<string, string>>
  /** Default `orders`; null where the alert is about no service. */
  readonly service?: string | null
  /** Not a moment before. */
  readonly after: number
  /** By then at the latest. */
  readonly by: number
  /** Fires up to here at least; default `by`. */
  readonly through?: number
  /** Silent from then on. */
  readonly resolvedBy?: number
}

/** What happens, and after how many minutes. */
export type Event = readonly [minute: number, event: (world: World) => void]

export interface Scenario {
  readonly name: string
  /** The rule whose promise this is: its mutants have to fail here. */
  readonly rule: string
  readonly minutes: number
  readonly fleets: readonly Fleet[]
  readonly events?: readonly Event[]
  readonly fires?: readonly Firing[]
  /** What a recording rule says at some time. */
  readonly values?: readonly { readonly expr: string; readonly minute: number; readonly value: number }[]
  /** Others that may fire too, and are shown elsewhere. Every other alert has to be silent. */
  readonly alsoFires?: readonly string[]
  /** From which minute on they have to; default 0. */
  readonly quietFrom?: number
}

interface ExpressionTest {
  readonly expr: string
  readonly eval_time: string
  readonly exp_samples: readonly { readonly labels: string; readonly value: number }[]
}

export interface TestGroup {
  readonly name: string
  readonly interval: string
  readonly input_series: readonly { readonly series: string; readonly values: string }[]
  readonly promql_expr_test: readonly ExpressionTest[]
  readonly alert_rule_test?: readonly AlertTest[]
}

interface AlertTest {
  readonly eval_time: string
  readonly alertname: string
  readonly exp_alerts: readonly {
    readonly exp_labels: Readonly<Record<string, string>>
    readonly exp_annotations: Readonly<Record<string, string>>
  }[]
}

const FIRING = 'ALERTS{alertstate="firing"'

/** The scenario as promtool takes it. */
export function testGroup({
  name,
  minutes,
  fleets,
  events = [],
  fires = [],
  values = [],
  alsoFires = [],
  quietFrom = 0,
}: Scenario): TestGroup {
  const world = new World()
  for (const fleet of fleets) world.start(fleet)
  const due = [...events].sort(([a], [b]) => a - b)
  while (world.now <= minutes * 60) {
    world.live()
    while (due[0] !== undefined && due[0][0] * 60 <= world.now) due.shift()?.[1](world)
    world.step()
  }
  const named = [...fires.map(({ alert }) => alert), ...alsoFires]
  const silent = `count by (alertname) (count_over_time(${FIRING},alertname!~"${named.join('|')}"}[${(minutes - quietFrom) * 60 + 1}s]))`
  return {
    name,
    interval: `${STEP}s`,
    input_series: world.inputSeries(),
    promql_expr_test: [
      { expr: silent, eval_time: `${minutes}m`, exp_samples: [] },
      ...fires.flatMap((firing) => expectations(firing, minutes)),
      ...values.map(({ expr, minute, value }) => ({
        expr: `round(${expr}, 0.0001)`,
        eval_time: `${minute}m`,
        exp_samples: [{ labels: '{service_name="orders"}', value }],
      })),
    ],
  }
}

function expectations(firing: Firing, minutes: number): ExpressionTest[] {
  const { alert, service, labels = {}, after, by, through = by, resolvedBy } = firing
  const wanted = { ...(service === null ? {} : { service_name: service ?? 'orders' }), ...labels }
  const selector = [
    `alertname="${alert}"`,
    ...Object.entries(wanted).map(([label, value]) => `${label}="${value}"`),
  ].join(',')
  const fires = `count(${FIRING},${selector}})`
  const never = (from: number, to: number): ExpressionTest => ({
    expr: `count(count_over_time(${FIRING},${selector}}[${to - from}s]))`,
    eval_time: `${to}s`,
    exp_samples: [],
  })
  const at = (minute: number): ExpressionTest => ({
    expr: fires,
    eval_time: `${minute * 60}s`,
    exp_samples: [{ labels: '{}', value: 1 }],
  })
  return [
    ...(after > 0 ? [never(0, after * 60 - 1)] : []),
    ...[...new Set([by, through])].map(at),
    ...(resolvedBy === undefined ? [] : [never(resolvedBy * 60, minutes * 60 + 1)]),
  ]
}
