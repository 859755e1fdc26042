import type { Runtime } from '../base/clocks-and-timers.ts'
import { inTime } from '../base/in-time.ts'
import { KafkaPublishError } from '../failures/errors.ts'
import { override } from '../instrument/wrapper.ts'
import type { BrokersOption } from '../options/brokers.ts'

/**
 * How long a SASL block may take on its own, ms: longer than one of ours, which waits up to 8 s for its turn and 8 s for a
 * token. Unlike the others it is not `requestTimeoutMs`: a source of tokens may be slow where brokers are given little time.
 */
const SASL_MS = 20_000

/** The functions among a publisher's options that connecting waits for. Hooks have a limit of their own. */
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
 * The same functions, each with a time limit. Without one, a function that never answers would keep `connect()`, and then
 * `disconnect()`, from ending.
 *
 * @param requestTimeoutMs the limit for an answer of a broker, of `brokers()` and of `transactionalId()`
 */
export function withTimeLimits(given: Functions, requestTimeoutMs: number, runtime: Runtime): Functions {
  const { brokers, transactionalId, sasl } = given
  const limited = <T>(name: string, call: () => T) =>
    callWithin({ name, call, ms: requestTimeoutMs }, runtime)
  // kafkajs would try again on the same connection. A broker answers that with an illegal state, which hides the cause.
  const retriable = false
  const token = (call: () => unknown) =>
    callWithin({ name: 'sasl.oauthBearerProvider()', call, ms: SASL_MS, retriable }, runtime)
  // It also waits for a broker, which has two requests to answer in every mechanism of kafkajs.
  const exchange = (call: () => Promise<void>) => {
    const ms = SASL_MS + 2 * requestTimeoutMs
    return callWithin({ name: 'sasl.authenticationProvider().authenticate()', call, ms, retriable }, runtime)
  }
  return {
    brokers: typeof brokers === 'function' ? () => limited('brokers()', brokers) : brokers,
    transactionalId: transactionalId && (() => limited('transactionalId()', transactionalId)),
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
  /** Default: that of the failure catalogue. */
  readonly retriable?: boolean
}

/** @throws KafkaPublishError `callback_timeout`, which names the function; what the function throws */
async function callWithin<T>({ name, call, ms, ...details }: Call<T>, runtime: Runtime): Promise<Awaited<T>> {
  // The call is made at once. Its `then` is left to the language, since even a promise may have one of the caller's own.
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
