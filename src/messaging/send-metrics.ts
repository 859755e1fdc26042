import { classifyFailure } from '../failures/classify.ts'
import { reportOnce } from '../telemetry/guard.ts'
import { attributeCache, count, instruments } from '../telemetry/instruments.ts'
import { Attribute, Metric } from '../telemetry/names.ts'
import { measureOperation } from './operation-duration.ts'
import { refusedInProcess } from './refused-in-process.ts'
import type { SendOutcome } from './send.ts'
import { SEND } from './send-span.ts'
import { isLegalTopic } from './topic-name.ts'

const sendInstruments = instruments((meter) => ({
  sent: meter.createCounter(Metric.SentMessages, {
    unit: '{message}',
    description: 'Number of messages producer attempted to send to the broker.',
  }),
}))

const seriesOf = attributeCache((topic: string | undefined, errorType?: string) => ({
  ...SEND,
  ...(topic === undefined ? {} : { [Attribute.MessagingDestination]: topic }),
  ...(errorType === undefined ? {} : { [Attribute.ErrorType]: errorType }),
}))

/**
 * The duration has the `error.type` of the span; each message is counted with its own, unless it never left this process.
 *
 * @param topic the one that all messages have
 * @param begun by `performance.now()`
 * @param countedByOther another instrumentation counts the messages
 */
export function recordSend(
  outcomes: readonly SendOutcome[],
  topic: string | undefined,
  begun: number,
  countedByOther: boolean,
): void {
  const seconds = (performance.now() - begun) / 1000
  try {
    const failed = outcomes.find(({ error }) => error !== undefined)
    const errorType = failed && classifyFailure(failed.error).code
    measureOperation(seconds, seriesOf(topic, errorType))
    const sent = countedByOther ? undefined : sendInstruments()?.sent
    if (!sent) return
    for (const [series, messages] of countsOf(outcomes)) count(sent, messages, series)
  } catch (problem) {
    // What a publisher of another kind answers may be anything.
    reportOnce('measuring a send', problem)
  }
}

/** Series are the same object for the same names. */
function countsOf(outcomes: readonly SendOutcome[]): Map<ReturnType<typeof seriesOf>, number> {
  const counts = new Map<ReturnType<typeof seriesOf>, number>()
  for (const { topic: named, messages, error, notTried } of outcomes) {
    if (messages === 0 || notTried) continue
    const topic = isLegalTopic(named) ? named : undefined
    const errorType = error === undefined ? undefined : classifyFailure(error).code
    if (errorType !== undefined && (topic === undefined || refusedInProcess(error, errorType))) continue
    const series = seriesOf(topic, errorType)
    counts.set(series, (counts.get(series) ?? 0) + messages)
  }
  return counts
}
