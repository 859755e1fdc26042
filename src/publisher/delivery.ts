import { classifyFailure } from '../failures/classify.ts'
import { KafkaPublishError } from '../failures/errors.ts'
import { fullJitter, type Runtime, wait } from '../runtime.ts'
import { kindOf, losesSequence } from './error-kind.ts'
import type { KafkaJsProducer } from './kafkajs.ts'
import type { ProducerSeat, Seated } from './producer-seat.ts'
import type { PublishErrorKind } from './publisher-types.ts'

/** What one try came to. */
export type Tried<T> = { readonly done: T } | NotDone

export interface NotDone {
  readonly written: 'no' | 'maybe'
  readonly error: unknown
  /** kafkajs got so far as to make the Produce request. */
  readonly encoded: boolean
}

/** What all tries came to. */
export type Delivered<T> =
  | { readonly done: T }
  | { readonly failed: unknown; readonly kind: PublishErrorKind }

export interface Task<T> {
  readonly topic: string
  /** The broker recognises a repetition. */
  readonly idempotent: boolean
  /** Monotonic ms. */
  readonly deadline: number
  /** Does not throw. */
  readonly attempt: (producer: KafkaJsProducer) => Promise<Tried<T>>
}

const BACK_OFF_MS = 100
const BACK_OFF_CAP_MS = 2_000
/** A topic that was just created is not known everywhere at once, ms. */
const UNKNOWN_TOPIC_MS = 5_000

/** Tries until it is done, hopeless or too late. */
export async function deliver<T>(seat: ProducerSeat, task: Task<T>, runtime: Runtime): Promise<Delivered<T>> {
  const delivery = new Delivery(seat, task, runtime)
  for (;;) {
    const tried = await delivery.attempt()
    if ('done' in tried) return delivery.end(tried)
    const pause = delivery.pauseAfter(tried)
    if (pause === undefined) return delivery.end(tried)
    await wait(runtime, pause)
  }
}

/** The state of one task. */
class Delivery<T> {
  readonly #seat: ProducerSeat
  readonly #task: Task<T>
  readonly #runtime: Runtime
  readonly #began: number
  /** Kept from one try to the next: the sequence numbers that make a repetition recognisable are this producer's. */
  #held: Seated | undefined
  /** Some try may have written it: from then on nothing can prove that it is not in the topic. */
  #maybe = false
  #tries = 0
  #renewed = 0

  constructor(seat: ProducerSeat, task: Task<T>, runtime: Runtime) {
    this.#seat = seat
    this.#task = task
    this.#runtime = runtime
    this.#began = runtime.monotonic()
  }

  async attempt(): Promise<Tried<T>> {
    this.#tries += 1
    // It waited for its turn too long.
    if (this.#runtime.monotonic() >= this.#task.deadline) return tooLate('no')
    try {
      this.#held ??= await this.#seat.take(this.#task.topic)
    } catch (error) {
      return { written: 'no', encoded: false, error }
    }
    const attempt = this.#task.attempt(this.#held.producer)
    const tried = await inTime(attempt, this.#task.deadline, this.#runtime)
    if (tried === undefined) this.#abandon(attempt)
    const outcome = tried ?? tooLate('maybe')
    if ('written' in outcome && outcome.written === 'maybe') this.#maybe = true
    return outcome
  }

  /** How long to wait before the next try, ms; undefined where there is to be none. */
  pauseAfter({ error, encoded }: NotDone): number | undefined {
    const { code } = classifyFailure(error)
    if (losesSequence(error) && this.#maybe) return undefined
    const mayBeOfOthers = !encoded && METADATA_OF_ALL.test(code) && (this.#held?.topics.size ?? 0) > 1
    const renewed = (losesSequence(error) || mayBeOfOthers) && !this.#maybe && this.#renew()
    if (!renewed && this.#isHopeless(code, error)) return undefined
    const pause = fullJitter(this.#runtime, BACK_OFF_MS, this.#tries - 1, BACK_OFF_CAP_MS)
    return this.#runtime.monotonic() + pause < this.#task.deadline ? pause : undefined
  }

  end(tried: Tried<T>): Delivered<T> {
    const held = this.#held
    const done = 'done' in tried
    if (held) {
      // The next batch would get the sequence numbers of this one.
      if (
        !done &&
        (this.#maybe || (!tried.encoded && METADATA_OF_ALL.test(classifyFailure(tried.error).code)))
      ) {
        this.#seat.retire(held)
      }
      this.#seat.release(held)
    }
    if (done) return { done: tried.done }
    const kind = kindOf(tried.error)
    const known = !this.#maybe || (kind !== 'fatal' && kind !== 'poison')
    return { failed: tried.error, kind: known ? kind : 'retriable' }
  }

  #isHopeless(code: string, error: unknown): boolean {
    // A repetition would be a second message.
    if (this.#maybe && !this.#task.idempotent) return true
    if (code === 'UNKNOWN_TOPIC_OR_PARTITION') {
      return this.#runtime.monotonic() - this.#began > UNKNOWN_TOPIC_MS
    }
    // kafkajs keeps a connection on which no answer came, and every further try would wait as long.
    if ((error as Error).name === 'KafkaJSRequestTimeoutError' && this.#maybe) return true
    if (code === 'partition_unknown' || code === 'delivery_timeout') return true
    const kind = kindOf(error)
    return kind !== 'retriable' && kind !== 'quota'
  }

  /** Goes on with another producer; false where that has been tried. */
  #renew(): boolean {
    const held = this.#held
    if (!held || this.#renewed >= 2) return false
    this.#renewed += 1
    this.#held = undefined
    this.#seat.retire(held)
    this.#seat.release(held)
    return true
  }

  /** kafkajs cannot be stopped, so the producer is kept for it until it gives up. */
  #abandon(attempt: Promise<unknown>): void {
    const held = this.#held
    if (!held) return
    this.#held = undefined
    this.#seat.retire(held)
    void attempt.finally(() => this.#seat.release(held))
  }
}

const tooLate = (written: 'no' | 'maybe'): NotDone => ({
  written,
  encoded: written === 'maybe',
  error: new KafkaPublishError('delivery_timeout'),
})

/**
 * kafkajs asks for the metadata of all topics that a producer was ever used for, and one of them that is denied or gone
 * fails the sends to the others. A new producer knows none of them.
 */
const METADATA_OF_ALL = /^(TOPIC_AUTHORIZATION_FAILED|UNKNOWN_TOPIC_OR_PARTITION)$/

/** undefined where it is not done by `deadline`. */
async function inTime<T>(work: Promise<T>, deadline: number, runtime: Runtime): Promise<T | undefined> {
  let cancel: (() => void) | undefined
  const late = new Promise<undefined>((resolve) => {
    cancel = runtime.after(Math.max(0, deadline - runtime.monotonic()), () => resolve(undefined))
  })
  try {
    return await Promise.race([work, late])
  } finally {
    cancel?.()
  }
}
