import type { Attributes } from '@opentelemetry/api'
import { annotate } from '../failures/classify.ts'
import { crashFailure } from '../messaging/handler-failure.ts'
import { MessagesBehind } from '../messaging/messages-behind.ts'
import { isLegalTopic } from '../messaging/topic-name.ts'
import { emitFailureLog } from '../telemetry/failure-log.ts'
import { guarded } from '../telemetry/guard.ts'
import { attributeCache, count, followMeterProvider, instruments } from '../telemetry/instruments.ts'
import { Attribute, LogEvent, Metric } from '../telemetry/names.ts'

type Events = 'REQUEST' | 'COMMIT_OFFSETS' | 'GROUP_JOIN' | 'START_BATCH_PROCESS' | 'END_BATCH_PROCESS'
type Ends = 'CRASH' | 'STOP' | 'DISCONNECT'

/** What kafkajs tells with its events, all of them together. */
interface Payload {
  readonly clientId?: string
  readonly apiName?: string
  readonly groupId?: string
  readonly memberId?: string
  readonly memberAssignment?: Readonly<Record<string, readonly number[]>>
  readonly topic?: string
  readonly partition?: number
  readonly highWatermark?: string
  readonly firstOffset?: string | null
  readonly lastOffset?: string
  readonly error?: unknown
  readonly restart?: boolean
}

export interface Emitter {
  on?(event: string, listener: (event: { payload?: Payload | null }) => void): () => void
  events?: Readonly<Partial<Record<Events | Ends, string>>>
}

const groupInstruments = instruments((meter) => ({
  rebalances: meter.createCounter(Metric.Rebalances, {
    unit: '{rebalance}',
    description: 'Times that a running consumer had to join its group again',
  }),
  commits: meter.createCounter(Metric.Commits, {
    unit: '{commit}',
    description: 'Commits of offsets that a broker has answered, those that kafkajs makes by itself included',
  }),
  crashes: meter.createCounter(Metric.Crashes, {
    unit: '{crash}',
    description: 'Times that a consumer gave up, by why and by whether it starts again',
  }),
}))

/** `group_changed`: members, partitions or leaders did. `membership_lost`: the broker had given this member up. */
export type RebalanceReason = 'group_changed' | 'membership_lost'

/** What is known of a consumer's group, and what happens to it. Learned from kafkajs's events alone. */
export class Group {
  clientId: string | undefined
  readonly behind: MessagesBehind
  /** Another instrumentation counts the messages and measures their processing. */
  readonly measuredByOther: boolean
  #name: string | undefined
  /** As long as it runs. */
  #memberId: string | undefined
  #commits = 0
  #process = seriesOf(undefined)

  constructor(behindByPartition: boolean, measuredByOther = false) {
    this.measuredByOther = measuredByOther
    this.behind = new MessagesBehind(behindByPartition)
  }

  /** The attributes of processing, frozen and the same each time. */
  process(topic: string, errorType?: string): Attributes {
    return this.#process(topic, errorType)
  }

  /** The name of the group, once it is known. */
  attributes: Attributes = Object.freeze({})

  listen(consumer: Emitter): void {
    const on = (event: Events | Ends, heard: (payload: Payload) => void) => {
      const name = consumer.events?.[event]
      if (name === undefined) return () => undefined
      return consumer.on?.(name, ({ payload }) => {
        followMeterProvider()
        guarded(`hearing ${name}`, () => heard(payload ?? {}), undefined)
      })
    }
    on('REQUEST', ({ clientId, apiName }) => {
      // kafkajs tells the client id with its requests only.
      this.clientId ??= clientId
      if (apiName === 'OffsetCommit') this.#commitAnswered()
    })
    on('COMMIT_OFFSETS', () => this.#committed())
    on('GROUP_JOIN', (payload) => this.#join(payload))
    on('START_BATCH_PROCESS', (payload) => this.behind.fetched(payload))
    on('END_BATCH_PROCESS', ({ topic, partition, lastOffset }) =>
      this.behind.moved(topic, partition, lastOffset),
    )
    on('CRASH', (payload) => this.#crash(payload))
    for (const event of ['STOP', 'DISCONNECT'] as const) on(event, () => this.#end())
  }

  /**
   * The first join is the start. kafkajs's event REBALANCING does not come before every other: not where the broker has
   * forgotten the member, which then gets a new id, nor where partitions or leaders have changed.
   */
  #join({ groupId, memberId = '', memberAssignment }: Payload): void {
    if (groupId !== undefined && groupId !== this.#name) {
      this.#name = groupId
      this.attributes = Object.freeze({ [Attribute.MessagingConsumerGroup]: groupId })
      this.#process = seriesOf(groupId)
    }
    if (this.#memberId !== undefined) {
      const reason: RebalanceReason = this.#memberId === memberId ? 'group_changed' : 'membership_lost'
      count(groupInstruments()?.rebalances, 1, { ...this.attributes, [Attribute.RebalanceReason]: reason })
    }
    this.#memberId = memberId
    this.behind.assigned(groupId, memberAssignment)
  }

  /**
   * kafkajs tells of commits that succeed, with a second event, as soon as the answer is read: in this turn of the event
   * loop. Of one that was refused nothing follows, and nobody tells why.
   */
  #commitAnswered(): void {
    this.#commits += 1
    setImmediate(() => {
      if (this.#commits > 0)
        count(groupInstruments()?.commits, this.#commits, {
          ...this.attributes,
          [Attribute.ErrorType]: '_OTHER',
        })
      this.#commits = 0
    })
  }

  #committed(): void {
    // Of one whose request was not heard of.
    if (this.#commits > 0) this.#commits -= 1
    count(groupInstruments()?.commits, 1, this.attributes)
  }

  #crash({ error, restart = false }: Payload): void {
    this.#end()
    const failure = crashFailure(error)
    const attributes = { ...this.attributes, [Attribute.ConsumerRestarts]: restart }
    count(groupInstruments()?.crashes, 1, { ...attributes, [Attribute.ErrorType]: failure.code })
    emitFailureLog(LogEvent.ConsumerCrashed, failure, attributes)
    annotate(error, failure)
  }

  #end(): void {
    this.#memberId = undefined
    this.behind.ended()
  }
}

const PROCESS = {
  [Attribute.MessagingSystem]: 'kafka',
  [Attribute.MessagingOperationName]: 'process',
  [Attribute.MessagingOperationType]: 'process',
} as const

const seriesOf = (group: string | undefined) =>
  attributeCache((topic: string, errorType?: string) => {
    return {
      ...PROCESS,
      ...(isLegalTopic(topic) ? { [Attribute.MessagingDestination]: topic } : {}),
      ...(group === undefined ? {} : { [Attribute.MessagingConsumerGroup]: group }),
      ...(errorType === undefined ? {} : { [Attribute.ErrorType]: errorType }),
    }
  })
