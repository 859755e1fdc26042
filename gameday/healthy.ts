/** Services without a fault, from the beginning to the end: nobody may be alarmed about them. */
import { singleValue } from '../test/stack/support/prometheus.ts'
import { until } from '../test/stack/support/until.ts'
import type { Stage, Subject } from './stage.ts'
import { duration } from './table.ts'

export interface HealthyPeriod {
  readonly subjects: readonly Subject[]
  /** The one that publishes. */
  readonly orders: Subject
  /** Waits until it was long enough, and tells how it was. */
  end(): Promise<{ sentence: string; problems: string[] }>
}

/** What a healthy period has to last. */
export interface Least {
  readonly minutes: number
  readonly refreshes: number
}

export async function startHealthyPeriod(least: Least, stage: Stage): Promise<HealthyPeriod> {
  const orders = await stage.start('healthy', {})
  const worker = await stage.start('healthy-worker', { program: 'examples/consumer-worker.ts' })
  const subjects = [orders, worker]
  const beganAt = performance.now()
  return {
    subjects,
    orders,
    async end() {
      const minutes = () => (performance.now() - beganAt) / 60_000
      stage.say('healthy', 'waits for the end of its time')
      const seconds = Math.max(0, least.minutes - minutes()) * 60 + 600
      const refreshes = await until(
        `${least.minutes} minutes and ${least.refreshes} refreshes of the healthy services`,
        async () => {
          const fewest = Math.min(...(await Promise.all(subjects.map(refreshesOf))))
          return minutes() >= least.minutes && fewest >= least.refreshes && fewest
        },
        { seconds, everyMs: 5_000, signal: stage.signal },
      )
      const alerts = subjects.flatMap(({ name, service }) =>
        stage.alerts.everFired(service).map((alert) => `${alert} for ${name}`),
      )
      const { published, lost } = orders.process.orders
      const problems = alerts.map((alert) => `healthy, but ${alert} fired`)
      if (lost > 0) problems.push(`healthy, but ${lost} orders lost`)
      const time = duration(minutes() * 60)
      const sentence =
        `Beside them, one service that publishes and one that consumes had no fault for ${time}: ` +
        `${refreshes} refreshes each at least, ${lost} of ${published + lost} orders lost, ` +
        `${alerts.length === 0 ? 'no alert' : alerts.join(', ')}.`
      stage.say('healthy', sentence)
      return { sentence, problems }
    },
  }
}

const refreshesOf = async ({ service }: Subject) =>
  (await singleValue(
    `sum(msk_iam_token_refresh_duration_seconds_count{service_name="${service}",error_type=""})`,
  )) ?? 0
