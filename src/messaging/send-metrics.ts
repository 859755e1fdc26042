import type { Attributes, Counter } from '@opentelemetry/api'
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
    measureOperation(seconds, seriesOf(topic, errorTypeOf(outcomes)))
    const sent = countedByOther ? undefined : sendInstruments()?.sent
    if (sent) countSent(sent, outcomes)
  } catch (problem) {
    // What a publisher of another kind answers may be anything.
    reportOnce('measuring a send', problem)
  }
}

function errorTypeOf(outcomes: readonly SendOutcome[]): string | undefined {
  for (const { error } of outcomes) if (error !== undefined) return classifyFailure(error).code
  return undefined
}

/** Neighbours of one series are added up: series are the same object for the same names. */
function countSent(sent: Counter, outcomes: readonly SendOutcome[]): void {
  let series: Attributes | undefined
  let sum = 0
  for (const outcome of outcomes) {
    const of = outcome.messages > 0 ? seriesOfOutcome(outcome) : undefined
    if (!of) continue
    if (series && series !== of) {
      count(sent, sum, series)
      sum = 0
    }
    series = of
    sum += outcome.messages
  }
  if (series) count(sent, sum, series)
}

/** undefined where the messages never left this process. */
function seriesOfOutcome({ topic: named, error, notTried }: SendOutcome): Attributes | undefined {
  if (notTried) return undefined
  const topic = isLegalTopic(named) ? named : undefined
  if (error === undefined) return seriesOf(topic)
  const errorType = classifyFailure(error).code
  return topic === undefined || refusedInProcess(error, errorType) ? undefined : seriesOf(topic, errorType)
}
