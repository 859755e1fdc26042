import { inTime } from '../../base/in-time.ts'
import { fullJitter, type Runtime, wait } from '../../base/runtime.ts'
import { classifyFailure } from '../../failures/classify.ts'
import { KafkaPublishError } from '../../failures/errors.ts'
import type { KafkaJsProducer } from '../../kafkajs/kafkajs-api.ts'
import { kindOf } from '../error-kind.ts'
import type { PublishErrorKind } from '../publisher-types.ts'
import { type Doubt, doubtOf } from './producer-faults.ts'
import type { ProducerSeat, Seated } from './producer-lease.ts'

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
  /** The topic or the partition that is to blame where no producer will do. */
  readonly about: string
  /** The broker recognises a repetition. */
  readonly idempotent: boolean
  /** Monotonic ms. */
  readonly deadline: number
  /** Does not throw. `again`: an earlier try, with the same producer, may have written it. */
  readonly attempt: (producer: KafkaJsProducer, again: boolean) => Promise<Tried<T>>
}

const BACK_OFF_MS = 100
const BACK_OFF_CAP_MS = 2_000
/** A topic that was just created is not known everywhere at once, ms. */
const UNKNOWN_TOPIC_MS = 5_000
/** A topic that failed with several producers is to blame itself, and costs no further ones for so long. */
const BLAMED_MS = 10_000
/** Another producer will not help where so many have not. */
const MAX_RENEWALS = 2

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
  /** What the last try failed with: the reason why time ran out. */
  #last: unknown
  #renewed = 0
  /** Tries in a row, with this producer, that got no answer. */
  #disconnected = 0
  /** Tries that may have failed for another topic. */
  #withOthers = 0

  constructor(seat: ProducerSeat, task: Task<T>, runtime: Runtime) {
    this.#seat = seat
    this.#task = task
    this.#runtime = runtime
    this.#began = runtime.monotonic()
  }

  async attempt(): Promise<Tried<T>> {
    this.#tries += 1
    // It waited for its turn too long.
    if (this.#runtime.monotonic() >= this.#task.deadline) return this.#tooLate('no')
    try {
      this.#held ??= await this.#sit()
    } catch (error) {
      return { written: 'no', encoded: false, error }
    }
    if (!this.#held) return this.#tooLate('no')
    const attempt = this.#task.attempt(this.#held.producer, this.#maybe)
    const tried = await inTime(attempt, this.#task.deadline, this.#runtime)
    if (tried === undefined) this.#abandon(attempt)
    const outcome = tried ?? this.#tooLate('maybe')
    if ('written' in outcome && outcome.written === 'maybe') this.#maybe = true
    return outcome
  }

  /** How long to wait before the next try, ms; undefined where there is to be none. */
  pauseAfter({ error, encoded }: NotDone): number | undefined {
    this.#last = error
    const { code } = classifyFailure(error)
    const doubt = this.#held && this.#doubt(error, encoded)
    if (doubt === 'sequence' && this.#maybe) return undefined
    // What may have been written is recognised as a repetition only by the numbers of the producer that wrote it.
    const again = !this.#maybe && this.#isWorthAnother(doubt)
    if (!again && this.#isHopeless(code, error)) return undefined
    const pause = fullJitter(this.#runtime, BACK_OFF_MS, this.#tries - 1, BACK_OFF_CAP_MS)
    return this.#runtime.monotonic() + pause < this.#task.deadline ? pause : undefined
  }

  end(tried: Tried<T>): Delivered<T> {
    const held = this.#held
    const done = 'done' in tried
    if (held) {
      // The next batch would get the sequence numbers of this one, or meet what this one met.
      const doubt = done ? undefined : this.#doubt(tried.error, tried.encoded)
      if (doubt === 'topics' || doubt === 'partition')
        this.#seat.blame(this.#task.about, this.#runtime.monotonic() + BLAMED_MS)
      if (!done && (this.#maybe || doubt)) this.#seat.retire(held)
      this.#seat.release(held)
    }
    if (done) return { done: tried.done }
    const kind = kindOf(tried.error)
    const known = !this.#maybe || (kind !== 'fatal' && kind !== 'poison')
    return { failed: tried.error, kind: known ? kind : 'retriable' }
  }

  #doubt(error: unknown, encoded: boolean): Doubt | undefined {
    const doubt = doubtOf(error, encoded)
    const { about } = this.#task
    const itsOwn = doubt === 'topics' || doubt === 'partition'
    return itsOwn && this.#seat.isToBlame(about, this.#runtime.monotonic()) ? undefined : doubt
  }

  /** undefined where connecting takes too long. */
  async #sit(): Promise<Seated | undefined> {
    const taking = this.#seat.take(this.#task.topic)
    const held = await inTime(taking, this.#task.deadline, this.#runtime)
    if (!held) {
      this.#seat.giveUpConnecting()
      taking.then(
        (late) => this.#seat.release(late),
        () => undefined,
      )
    }
    return held
  }

  #tooLate(written: 'no' | 'maybe'): NotDone {
    const before = this.#last
    const why = before === undefined ? {} : { detail: classifyFailure(before).code, original: before }
    return { written, encoded: written === 'maybe', error: new KafkaPublishError('delivery_timeout', why) }
  }

  #isHopeless(code: string, error: unknown): boolean {
    // A repetition would be a second message.
    if (this.#maybe && !this.#task.idempotent) return true
    if (code === 'UNKNOWN_TOPIC_OR_PARTITION') {
      return this.#runtime.monotonic() - this.#began > UNKNOWN_TOPIC_MS
    }
    // kafkajs keeps a connection on which no answer came, and every further try would wait as long.
    if (code === 'request_timeout' && this.#maybe) return true
    if (code === 'partition_unknown' || code === 'delivery_timeout') return true
    const kind = kindOf(error)
    return kind !== 'retriable' && kind !== 'quota'
  }

  #isWorthAnother(doubt: Doubt | undefined): boolean {
    const held = this.#held
    if (!held || !doubt) return false
    if (doubt === 'connection') {
      // kafkajs connects again by itself, most of the time.
      this.#disconnected += 1
      if (this.#disconnected < 2) return false
    }
    if (doubt === 'topics') {
      if (held.topics.size < 2) return false
      // kafkajs forgets a new topic that failed; what was sent at the same moment failed with it.
      this.#withOthers += 1
      if (this.#withOthers === 1) return true
    }
    if (doubt === 'sequence' || doubt === 'topics' || doubt === 'partition') {
      if (this.#renewed >= MAX_RENEWALS) return false
      this.#renewed += 1
    }
    this.#held = undefined
    this.#disconnected = 0
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
