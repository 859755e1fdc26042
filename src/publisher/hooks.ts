import type { Runtime } from '../base/clocks-and-timers.ts'
import { inTime } from '../base/in-time.ts'
import { reportOnce } from '../telemetry/guard.ts'
import type { Entry } from './message-list.ts'
import type { KafkaPublisherHooks, PublishableMessage, PublishResult } from './publisher-types.ts'

type Name = keyof KafkaPublisherHooks
type Arguments<K extends Name> = Parameters<NonNullable<KafkaPublisherHooks[K]>>

/** How long all hooks of one publish, or one hook of anything else, are waited for, ms. */
const HOOKS_TIMEOUT_MS = 1_000

/** Calls the user's hooks and waits for them, up to a limit. Nothing that they do changes an outcome. */
export class Hooks {
  readonly #hooks: KafkaPublisherHooks
  readonly #runtime: Runtime
  /** Hooks that did not answer in time and still have not: they are called, and not waited for. */
  readonly #overdue = new Set<Name>()

  constructor(hooks: KafkaPublisherHooks, runtime: Runtime) {
    this.#hooks = hooks
    this.#runtime = runtime
  }

  call<K extends Name>(name: K, ...args: Arguments<K>): Promise<void> {
    return this.#call(name, this.#deadline(), ...args)
  }

  /** `onPublish` for each message and `onError` for each that failed, in the order of the messages. */
  async published(results: readonly PublishResult[], entries: readonly Entry[]): Promise<void> {
    if (!this.#hooks.onPublish && !this.#hooks.onError) return
    const deadline = this.#deadline()
    for (const [index, result] of results.entries()) {
      const message = entries[index]?.source as PublishableMessage
      // A copy: the result is the caller's.
      await this.#call('onPublish', deadline, { ...result }, message)
      if (result.error) await this.#call('onError', deadline, result.error, message)
    }
  }

  #deadline(): number {
    return this.#runtime.monotonic() + HOOKS_TIMEOUT_MS
  }

  async #call<K extends Name>(name: K, deadline: number, ...args: Arguments<K>): Promise<void> {
    const hook = this.#hooks[name] as ((...args: unknown[]) => unknown) | undefined
    if (!hook) return
    const place = `the hook ${name} of a publisher`
    let answer: unknown
    try {
      answer = hook(...args)
      if (typeof (answer as PromiseLike<unknown> | undefined)?.then !== 'function') return
    } catch (problem) {
      return reportOnce(place, problem)
    }
    // Even a promise may have a `then` of the user's own. Here the language calls it, so that it cannot throw into this code.
    const settled = new Promise((resolve) => resolve(answer)).then(
      () => true,
      (problem) => {
        reportOnce(place, problem)
        return true
      },
    )
    if (this.#overdue.has(name) || (await inTime(settled, deadline, this.#runtime))) return
    this.#overdue.add(name)
    reportOnce(place, `it has not answered for ${HOOKS_TIMEOUT_MS} ms; it is not waited for until it has`)
    void settled.then(() => this.#overdue.delete(name))
  }
}
