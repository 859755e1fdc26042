import { withoutSecrets } from '../base/foreign-text.ts'
import { failureClass, UNKNOWN_HINT } from './catalogue.ts'

/** What is put beside an error, ours or a client's: enough to log, to decide and to look up. */
export interface Failure {
  /** The class in the catalogue (docs/failures.md), or Kafka's own error name, or `_OTHER`. */
  readonly code: string
  /** What to do about it. */
  readonly hint: string
  /** The broker's id of the refused exchange; AWS support asks for it. */
  readonly requestId?: string
}

interface ErrorDetails {
  /** What is particular to this time, without secrets. */
  readonly detail?: string
  /** In place of the catalogue's. */
  readonly hint?: string
  /** `detail` and `hint` quote nothing: long names of our own in them are no secrets. Default false. */
  readonly ownWords?: boolean
  readonly retriable?: boolean
  /** The error underneath. kafkajs loses an error that has a `cause`, so it is not called that. */
  readonly original?: unknown
}

/**
 * The base of every error that this library makes.
 *
 * @example
 * ```ts
 * if (error instanceof KafkaIamError) console.error(error.code, error.hint, error.retriable)
 * ```
 */
export class KafkaIamError extends Error {
  override readonly name: string = 'KafkaIamError'
  /** The class in the catalogue. */
  readonly code: string
  /** kafkajs takes `undefined` for true, so this is always set. */
  readonly retriable: boolean
  readonly failure: Failure
  /** The error underneath, not enumerable: AWS errors can carry whole responses. */
  declare readonly original?: unknown

  constructor(code: string, details: ErrorDetails = {}) {
    const row = failureClass(code)
    const quotable = (text: string) => (details.ownWords ? text : withoutSecrets(text))
    const hint = details.hint === undefined ? (row?.hint ?? UNKNOWN_HINT) : quotable(details.hint)
    const detail = details.detail ? `: ${quotable(details.detail)}` : ''
    super(
      `${row?.title ?? 'Something went wrong'}${detail}${/[.!?]$/.test(detail) ? '' : '.'} ${hint} [${code}]`,
    )
    this.code = code
    this.retriable = details.retriable ?? row?.retriable ?? false
    this.failure = { code, hint }
    if (details.original !== undefined) {
      Object.defineProperty(this, 'original', { value: details.original, enumerable: false })
    }
  }

  get hint(): string {
    return this.failure.hint
  }
}

/**
 * The same error as an object of its own: class, message, stack, code, failure and what is underneath. Clients write into
 * the errors that they get, and another caller's must not change with it. An error of others keeps its class too; one
 * that cannot be read stays what it is.
 */
export function copyOf<E extends Error>(error: E): E {
  try {
    const copy = Object.setPrototypeOf(new Error(), Object.getPrototypeOf(error)) as E
    const { failure, stack: _, ...own } = Object.getOwnPropertyDescriptors(error) as PropertyDescriptorMap
    Object.defineProperties(copy, own)
    // V8's own `stack` can be an accessor that is bound to the error that it was made for.
    Object.defineProperty(copy, 'stack', { value: error.stack, writable: true, configurable: true })
    if (failure) Object.defineProperty(copy, 'failure', { ...failure, value: { ...failure.value } })
    keepPrivate(error, copy)
    return copy
  } catch {
    return error
  }
}

/** Getters of classes that read what is private to the one object (DOMException's `message` is such) get its values. */
function keepPrivate(error: Error, copy: Error): void {
  for (
    let type = Object.getPrototypeOf(error);
    type && type !== Error.prototype;
    type = Object.getPrototypeOf(type)
  ) {
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(type))) {
      if (!get || Object.hasOwn(copy, name) || canRead(copy, name)) continue
      Object.defineProperty(copy, name, {
        value: Reflect.get(error, name),
        writable: true,
        configurable: true,
      })
    }
  }
}

function canRead(error: Error, name: string): boolean {
  try {
    Reflect.get(error, name)
    return true
  } catch {
    return false
  }
}

/**
 * No token could be had: credentials, STS, the signer, or the provider was closed.
 *
 * @example
 * ```ts
 * await sasl.oauthBearerProvider().catch((error) => {
 *   if (error instanceof MskIamTokenError) console.error(error.code, error.hint)
 * })
 * ```
 */
export class MskIamTokenError extends KafkaIamError {
  override readonly name = 'MskIamTokenError'
}

/**
 * The broker answered a token with an error that kafkajs takes for a success.
 *
 * @example
 * ```ts
 * await sasl.authenticationProvider(args).authenticate().catch((error) => {
 *   if (error instanceof MskIamAuthenticationError) console.error(error.code, error.hint)
 * })
 * ```
 */
export class MskIamAuthenticationError extends KafkaIamError {
  override readonly name = 'MskIamAuthenticationError'
}

/**
 * A message was not published, or may not be; or the publisher cannot publish.
 *
 * @example
 * ```ts
 * await publisher.connect().catch((error) => {
 *   if (error instanceof KafkaPublishError && error.code === 'topics_missing') process.exitCode = 78
 *   throw error
 * })
 * ```
 */
export class KafkaPublishError extends KafkaIamError {
  override readonly name = 'KafkaPublishError'
}

/**
 * An option is missing, impossible, or contradicts another; or a package that it needs is not installed.
 *
 * @example
 * ```ts
 * try {
 *   createMskIamSasl({ region: process.env['AWS_REGION'] ?? '' })
 * } catch (error) {
 *   // The message names the option and says what it takes.
 *   if (error instanceof MskIamConfigurationError) console.error(error.message)
 * }
 * ```
 */
export class MskIamConfigurationError extends KafkaIamError {
  override readonly name = 'MskIamConfigurationError'
}
