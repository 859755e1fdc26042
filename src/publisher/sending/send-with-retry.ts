import { fullJitter, type Runtime, wait } from '../../base/clocks-and-timers.ts'
import { inTime } from '../../base/in-time.ts'
import { classifyFailure } from '../../failures/classify.ts'
import { KafkaPublishError } from '../../failures/errors.ts'
import type { KafkaJsProducer } from '../../kafkajs/kafkajs-api.ts'
import { kindOf } from '../error-kind.ts'
import type { PublishErrorKind } from '../publisher-types.ts'
import { type ProducerFault, producerFaultOf } from './producer-faults.ts'
import type { LeasedProducer, ProducerLeases } from './producer-lease.ts'

/** The result of one try. */
export type TryResult<T> = { readonly done: T } | FailedTry

export interface FailedTry {
  readonly written: 'no' | 'maybe'
  readonly error: unknown
  /** kafkajs got so far as to encode the Produce request. */
  readonly encoded: boolean
}

/** The result of all tries together. */
export type SendResult<T> =
  | { readonly done: T }
  | { readonly failed: unknown; readonly kind: PublishErrorKind }

export interface RetryableSend<T> {
  readonly topic: string
  /** The topic or partition that it goes to. It is what fails where no producer helps. */
  readonly target: string
  /** The broker recognises a repetition. */
  readonly idempotent: boolean
  /** Monotonic ms. */
  readonly deadline: number
  /** Does not throw. `repeated`: an earlier try, with the same producer, may have written it. */
  readonly sendOnce: (producer: KafkaJsProducer, repeated: boolean) => Promise<TryResult<T>>
}

const BACK_OFF_MS = 100
const BACK_OFF_CAP_MS = 2_000
/** A topic that was just created is not known to every broker at once, ms. */
const UNKNOWN_TOPIC_MS = 5_000
/** A topic that failed with several producers is itself at fault, and for so long no producer is replaced because of it. */
const FAILING_TARGET_MS = 10_000
/** Another producer will not help where so many have not. */
const MAX_REPLACEMENTS = 2

/**
 * Tries until it succeeds, is hopeless or is too late.
 *
 *     acquire ───> send once ───> done ─────> release
 *        ^            ^  │
 *        │            │  └──────> failed ──┬─> hopeless, or too late ───> release, and perhaps retire
 *        │            └─ back-off <────────┤   worth another try with the same producer
 *        └── back-off <── retire <─────────┘   nothing can have been written, and another producer may help
 *
 * A producer that could not be acquired is a failed try too; the next one acquires again. At the end, the producer is
 * retired where the messages may have been written, or where the failure is one of the producer. One that has not answered
 * by the deadline is retired at once, and released when kafkajs has finished with it.
 */
export async function sendWithRetry<T>(
  leases: ProducerLeases,
  send: RetryableSend<T>,
  runtime: Runtime,
): Promise<SendResult<T>> {
  const tries = new SendTries(leases, send, runtime)
  for (;;) {
    const result = await tries.next()
    if ('done' in result) return tries.end(result)
    const pause = tries.pauseAfter(result)
    if (pause === undefined) return tries.end(result)
    await wait(runtime, pause)
  }
}

/** The tries of one send. */
class SendTries<T> {
  readonly #leases: ProducerLeases
  readonly #send: RetryableSend<T>
  readonly #runtime: Runtime
  readonly #began: number
  /** Kept from one try to the next: the sequence numbers by which a broker recognises a repetition are this producer's. */
  #leased: LeasedProducer | undefined
  /** Some try may have written it: from then on nothing can prove that it is not in the topic. */
  #maybeWritten = false
  #count = 0
  /** What the last try failed with: the reason why time ran out. */
  #lastError: unknown
  #replacements = 0
  /** Tries in a row, with this producer, that got no answer. */
  #unanswered = 0
  /** Tries that may have failed because of another topic. */
  #failedWithOthers = 0

  constructor(leases: ProducerLeases, send: RetryableSend<T>, runtime: Runtime) {
    this.#leases = leases
    this.#send = send
    this.#runtime = runtime
    this.#began = runtime.monotonic()
  }

  async next(): Promise<TryResult<T>> {
    this.#count += 1
    // It waited in its queue for too long.
    if (this.#runtime.monotonic() >= this.#send.deadline) return this.#tooLate('no')
    try {
      this.#leased ??= await this.#acquire()
    } catch (error) {
      return { written: 'no', encoded: false, error }
    }
    if (!this.#leased) return this.#tooLate('no')
    const sending = this.#send.sendOnce(this.#leased.producer, this.#maybeWritten)
    const answered = await inTime(sending, this.#send.deadline, this.#runtime)
    if (answered === undefined) this.#abandon(sending)
    const result = answered ?? this.#tooLate('maybe')
    if ('written' in result && result.written === 'maybe') this.#maybeWritten = true
    return result
  }

  /** How long to wait before the next try, ms; undefined where there is to be none. */
  pauseAfter({ error, encoded }: FailedTry): number | undefined {
    this.#lastError = error
    const { code } = classifyFailure(error)
    const fault = this.#leased && this.#faultOf(error, encoded)
    if (fault === 'sequence' && this.#maybeWritten) return undefined
    // A broker recognises a repetition only by the sequence numbers of the producer that sent it first.
    const retry = !this.#maybeWritten && this.#recoverFrom(fault)
    if (!retry && this.#isHopeless(code, error)) return undefined
    const pause = fullJitter(this.#runtime, BACK_OFF_MS, this.#count - 1, BACK_OFF_CAP_MS)
    return this.#runtime.monotonic() + pause < this.#send.deadline ? pause : undefined
  }

  end(result: TryResult<T>): SendResult<T> {
    const leased = this.#leased
    const done = 'done' in result
    if (leased) {
      // The next batch would get the sequence numbers of this one, or fail in the same way.
      const fault = done ? undefined : this.#faultOf(result.error, result.encoded)
      if (fault === 'topics' || fault === 'partition')
        this.#leases.markFailing(this.#send.target, this.#runtime.monotonic() + FAILING_TARGET_MS)
      if (!done && (this.#maybeWritten || fault)) this.#leases.retire(leased)
      this.#leases.release(leased)
    }
    if (done) return { done: result.done }
    const kind = kindOf(result.error)
    const known = !this.#maybeWritten || (kind !== 'fatal' && kind !== 'poison')
    return { failed: result.error, kind: known ? kind : 'retriable' }
  }

  /** undefined also where the target fails with every producer. */
  #faultOf(error: unknown, encoded: boolean): ProducerFault | undefined {
    const fault = producerFaultOf(error, encoded)
    const { target } = this.#send
    const mayBeTheTarget = fault === 'topics' || fault === 'partition'
    return mayBeTheTarget && this.#leases.isFailing(target, this.#runtime.monotonic()) ? undefined : fault
  }

  /** undefined where connecting takes too long. */
  async #acquire(): Promise<LeasedProducer | undefined> {
    const acquiring = this.#leases.acquire(this.#send.topic)
    const leased = await inTime(acquiring, this.#send.deadline, this.#runtime)
    if (!leased) {
      this.#leases.giveUpConnecting()
      acquiring.then(
        (late) => this.#leases.release(late),
        () => undefined,
      )
    }
    return leased
  }

  #tooLate(written: 'no' | 'maybe'): FailedTry {
    const before = this.#lastError
    const why = before === undefined ? {} : { detail: classifyFailure(before).code, original: before }
    return { written, encoded: written === 'maybe', error: new KafkaPublishError('delivery_timeout', why) }
  }

  #isHopeless(code: string, error: unknown): boolean {
    // A repetition would be a second message.
    if (this.#maybeWritten && !this.#send.idempotent) return true
    if (code === 'UNKNOWN_TOPIC_OR_PARTITION') {
      return this.#runtime.monotonic() - this.#began > UNKNOWN_TOPIC_MS
    }
    // kafkajs keeps a connection on which no answer came, and every further try would wait as long.
    if (code === 'request_timeout' && this.#maybeWritten) return true
    if (code === 'partition_unknown' || code === 'delivery_timeout') return true
    const kind = kindOf(error)
    return kind !== 'retriable' && kind !== 'quota'
  }

  /** Gives up a producer where another one may help. @returns whether to try again, whatever the error is */
  #recoverFrom(fault: ProducerFault | undefined): boolean {
    const leased = this.#leased
    if (!leased || !fault) return false
    if (fault === 'connection') {
      // Most of the time, kafkajs connects again without help.
      this.#unanswered += 1
      if (this.#unanswered < 2) return false
    }
    if (fault === 'topics') {
      if (leased.topics.size < 2) return false
      // kafkajs forgets a new topic that failed; what was sent at the same moment failed with it.
      this.#failedWithOthers += 1
      if (this.#failedWithOthers === 1) return true
    }
    if (fault === 'sequence' || fault === 'topics' || fault === 'partition') {
      if (this.#replacements >= MAX_REPLACEMENTS) return false
      this.#replacements += 1
    }
    this.#leased = undefined
    this.#unanswered = 0
    this.#leases.retire(leased)
    this.#leases.release(leased)
    return true
  }

  /** kafkajs cannot be stopped, so the producer stays connected until kafkajs has finished. */
  #abandon(sending: Promise<unknown>): void {
    const leased = this.#leased
    if (!leased) return
    this.#leased = undefined
    this.#leases.retire(leased)
    void sending.finally(() => this.#leases.release(leased))
  }
}
