import { inTime } from '../base/in-time.ts'
import type { Runtime } from '../base/runtime.ts'
import { KafkaPublishError } from '../failures/errors.ts'
import { override } from '../instrument/wrapper.ts'
import type { BrokersOption } from '../options/brokers.ts'

/**
 * How long a SASL block may take by itself, ms: more than one of ours, which has 8 s for a turn and 8 s for a token. Not as
 * long as a request, as the others: who gives brokers little time may still have a slow source of tokens.
 */
const SASL_MS = 20_000

/** The functions among the options of a publisher that connecting waits for. Hooks have a time of their own. */
interface Functions {
  readonly brokers: BrokersOption
  readonly transactionalId: (() => Promise<string>) | undefined
  readonly sasl: object | undefined
}

/** A SASL block, which may be another library's or the caller's own. */
interface Sasl {
  oauthBearerProvider?(...args: unknown[]): unknown
  authenticationProvider?(...args: unknown[]): Authenticator
}
interface Authenticator {
  authenticate?(...args: unknown[]): Promise<void>
}

/**
 * The same, and none of them is waited for without end: connecting would not end either, and so nor would `disconnect()`.
 *
 * @param requestTimeoutMs how long an answer of a broker may take, and one of `brokers()` and `transactionalId()`
 */
export function withPatience(given: Functions, requestTimeoutMs: number, runtime: Runtime): Functions {
  const { brokers, transactionalId, sasl } = given
  const ask = <T>(name: string, call: () => T) => answered({ name, call, ms: requestTimeoutMs }, runtime)
  // kafkajs would try again on the same connection, which a broker takes for an illegal state, and that hides the cause.
  const retriable = false
  const token = (call: () => unknown) =>
    answered({ name: 'sasl.oauthBearerProvider()', call, ms: SASL_MS, retriable }, runtime)
  // It waits for a broker too, which has two requests to answer in any mechanism of kafkajs's.
  const exchange = (call: () => Promise<void>) => {
    const ms = SASL_MS + 2 * requestTimeoutMs
    return answered({ name: 'sasl.authenticationProvider().authenticate()', call, ms, retriable }, runtime)
  }
  return {
    brokers: typeof brokers === 'function' ? () => ask('brokers()', brokers) : brokers,
    transactionalId: transactionalId && (() => ask('transactionalId()', transactionalId)),
    sasl:
      sasl &&
      override(sasl as Sasl, {
        oauthBearerProvider: (call, ...args) => token(() => call(...args)),
        authenticationProvider: (make, ...args) =>
          override(make(...args), {
            authenticate: (call, ...more) => exchange(() => call(...more)),
          }),
      }),
  }
}

interface Call<T> {
  readonly name: string
  readonly call: () => T
  /** How long it may take. */
  readonly ms: number
  /** Default: as the catalogue says. */
  readonly retriable?: boolean
}

/** @throws KafkaPublishError `callback_timeout`, which names the function; what the function throws */
async function answered<T>({ name, call, ms, ...details }: Call<T>, runtime: Runtime): Promise<Awaited<T>> {
  // Called at once, by the language: also of a promise, `then` may be the caller's own.
  const answer = new Promise<T>((resolve) => resolve(call())).then(async (value) => ({ value: await value }))
  const done = await inTime(answer, runtime.monotonic() + ms, runtime)
  if (done) return done.value
  throw unanswered(name, ms, details)
}

export const unanswered = (
  name: string,
  ms: number,
  details: { readonly retriable?: boolean } = {},
): KafkaPublishError =>
  new KafkaPublishError('callback_timeout', {
    detail: `KafkaPublisher: \`${name}\` has not answered within ${ms} ms`,
    ownWords: true,
    ...details,
  })
