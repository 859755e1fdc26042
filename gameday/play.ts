import { jaeger } from '../test/stack/support/jaeger.ts'
import { singleValue } from '../test/stack/support/prometheus.ts'
import { until } from '../test/stack/support/until.ts'
import type { Fault, Outcome } from './fault.ts'
import type { Stage, Subject } from './stage.ts'

/** Injects one fault, waits for its alert, looks for its trace, clears it and waits for the end of the alert. */
export async function play(fault: Fault, subject: Subject, stage: Stage): Promise<Outcome> {
  const outcome: Outcome = { fault, others: [], problems: [] }
  try {
    await scene(fault, subject, stage, outcome)
  } catch (error) {
    stage.signal.throwIfAborted()
    outcome.problems.push(error instanceof Error ? error.message : String(error))
  }
  outcome.others = stage.alerts.everFired(subject.service).filter((name) => name !== fault.alert)
  for (const problem of outcome.problems) stage.say(fault.name, `PROBLEM: ${problem}`)
  return outcome
}

async function scene(fault: Fault, subject: Subject, stage: Stage, outcome: Outcome): Promise<void> {
  const { alerts, signal, say } = stage
  const alerting = () =>
    alerts.firing(fault.alert, fault.everybody?.alertOfService === false ? undefined : subject.service)
  await inPrometheus(subject, stage)
  if (alerting()) throw new Error(`${fault.alert} fires before there is a fault`)

  const before = { ...subject.process.orders }
  const beganAt = Date.now()
  try {
    say(fault.name, `${fault.what}, from now on`)
    await fault.inject(subject)
    await until(`the alert ${fault.alert}`, alerting, { seconds: fault.alertsWithin * 60, signal })
    outcome.secondsToAlert = (Date.now() - beganAt) / 1000
    outcome.tokenSeconds = await tokenSeconds(subject)
    const left =
      outcome.tokenSeconds === undefined ? '' : `, token life left ${Math.round(outcome.tokenSeconds)} s`
    say(fault.name, `${fault.alert} fires after ${Math.round(outcome.secondsToAlert)} s${left}`)
    await findTrace(fault, subject, beganAt, signal, outcome)
  } finally {
    await fault.clear(subject)
  }
  const clearedAt = Date.now()
  say(fault.name, 'cleared')
  await until(`the end of ${fault.alert}`, () => !alerting(), { seconds: fault.resolvesWithin * 60, signal })
  outcome.secondsToResolve = (Date.now() - clearedAt) / 1000
  outcome.lost = subject.process.orders.lost - before.lost
  outcome.published = subject.process.orders.published - before.published
  say(fault.name, `resolved after ${Math.round(outcome.secondsToResolve)} s, ${outcome.lost} orders lost`)
  outcome.problems.push(...broken(outcome))
}

/** A rule knows a service only by what Prometheus has of it. */
async function inPrometheus({ service }: Subject, { signal, exportSeconds }: Stage): Promise<void> {
  const seconds = exportSeconds + 45
  await until(`telemetry of ${service} in Prometheus`, async () => (await providers(service)) !== undefined, {
    seconds,
    signal,
  })
}

const providers = (service: string) => singleValue(`sum(msk_iam_providers{service_name="${service}"})`)

const tokenSeconds = ({ service }: Subject) =>
  singleValue(`min(msk_iam_token_remaining_lifetime_seconds{service_name="${service}"})`).catch(
    () => undefined,
  )

async function findTrace(
  { code, name }: Fault,
  { service }: Subject,
  beganAt: number,
  signal: AbortSignal,
  outcome: Outcome,
): Promise<void> {
  if (code === undefined) return
  const search = { tags: { 'error.type': code }, since: beganAt * 1000 }
  outcome.codeInTrace = await until(
    `a trace of ${name} with ${code} in Jaeger`,
    async () => (await jaeger(service, search)).some(({ attributes }) => attributes['error.type'] === code),
    { seconds: 30, signal },
  ).catch((error) => {
    signal.throwIfAborted()
    outcome.problems.push((error as Error).message)
    return false
  })
}

function broken({ fault: { promises = {} }, lost = 0, tokenSeconds: left }: Outcome): string[] {
  const { mostLost, leastTokenSeconds } = promises
  const problems: string[] = []
  if (mostLost !== undefined && lost > mostLost) problems.push(`${lost} orders lost, not ${mostLost}`)
  if (leastTokenSeconds !== undefined && !(left !== undefined && left >= leastTokenSeconds))
    problems.push(`the token had ${left ?? 'no known'} s left at the alert, not ${leastTokenSeconds}`)
  return problems
}
