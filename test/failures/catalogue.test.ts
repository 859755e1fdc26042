import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { catalogue, failureClass } from '../../src/failures/catalogue.ts'
import { annotate, type ClassifiedFailure, classifyFailure } from '../../src/failures/classify.ts'
import {
  KafkaIamError,
  MskIamAuthenticationError,
  MskIamConfigurationError,
  MskIamTokenError,
} from '../../src/failures/errors.ts'
import type { Phase } from '../../src/failures/failure-class.ts'
import { isQuoted, rowOf } from './expect-failure.ts'
import { coveredBeforeAToken, coveredWithABroker } from './reproduced-codes.ts'

const requestId = '0a1b2c3d-0000-1111-2222-333344445555'

type KafkaJsError = new (said: unknown, more?: unknown) => Error & { retriable: boolean }

const require = createRequire(import.meta.url)
/** kafkajs's own errors; its declarations leave out the second argument of some. */
const {
  KafkaJSAggregateError,
  KafkaJSConnectionError,
  KafkaJSNonRetriableError,
  KafkaJSNumberOfRetriesExceeded,
  KafkaJSProtocolError,
  KafkaJSSASLAuthenticationError,
} = require('kafkajs') as Record<
  | 'KafkaJSAggregateError'
  | 'KafkaJSConnectionError'
  | 'KafkaJSNonRetriableError'
  | 'KafkaJSNumberOfRetriesExceeded'
  | 'KafkaJSProtocolError'
  | 'KafkaJSSASLAuthenticationError',
  KafkaJsError
>
/** kafkajs's error for what a broker answered. */
const { createErrorFromCode } = require('kafkajs/src/protocol/error.js') as {
  createErrorFromCode(code: number): Error & { type: string }
}

/** As the hook gets it: the broker's words, with Kafka's name and number. */
const refused = (message: string) =>
  new KafkaJSProtocolError(
    Object.assign(new Error(message), { type: 'SASL_AUTHENTICATION_FAILED', code: 58, retriable: false }),
  )

/** As kafkajs's own authenticator has it: type and code dropped. */
const bySaslAuthenticator = (message: string) =>
  new KafkaJSSASLAuthenticationError(`SASL OAUTHBEARER authentication failed: ${message}`)

const named = (name: string, message: string, more: object = {}) =>
  Object.assign(new Error(message), { name, ...more })

/** As kafkajs wraps what a socket says. */
const socketError = (code: string, message: string) =>
  new KafkaJSConnectionError(`Connection error: ${message}`, { broker: 'b-1.orders.example:9098', code })

interface Sample {
  readonly code: string
  readonly error: () => unknown
  readonly phase?: Phase
  readonly requestId?: string
}

const spoken = (code: string, words: string): Sample[] =>
  [refused, bySaslAuthenticator, String].map((say) => ({
    code,
    error: () => say(`[${requestId}]: ${words}`),
    requestId,
  }))

/** The exact texts of what no test here can provoke. */
const samples: Sample[] = [
  {
    code: 'invalid_option',
    error: () =>
      new KafkaJSConnectionError(
        'Failed to connect: "config.brokers" threw: An option is wrong: KafkaPublisher: `brokers()` returned undefined. It has to return a list of brokers. [invalid_option]',
      ),
  },
  {
    code: 'callback_timeout',
    error: () =>
      new KafkaJSConnectionError(
        'Failed to connect: "config.brokers" threw: A function of yours did not answer in time: KafkaPublisher: `brokers()` has not answered within 30000 ms. The message names it. [callback_timeout]',
      ),
  },
  ...spoken('access_denied', 'Access denied'),
  ...spoken('invalid_signature', 'Invalid authentication payload'),
  ...spoken('session_too_short', 'Session too short'),
  ...spoken('too_many_connects', 'Too many connects'),
  ...spoken(
    'principal_changed',
    'Cannot change principals during re-authentication from IAM.arn:aws:sts::123456789012:assumed-role/orders/aws-sdk-js-session-1: IAM.arn:aws:sts::123456789012:assumed-role/orders/aws-sdk-js-session-2',
  ),
  ...spoken('sasl_authentication_failed', 'Something that MSK has never said before').slice(0, 2),
  { code: 'sasl_authentication_failed', error: () => createErrorFromCode(58) },
  {
    code: 'access_denied',
    error: () => new Error('SASL authentication error: Access denied'),
  },
  ...[29, 30, 53, 31].map((number) => ({
    code: createErrorFromCode(number).type,
    error: () => createErrorFromCode(number),
  })),
  {
    code: 'TOPIC_AUTHORIZATION_FAILED',
    error: () => new Error('Not authorized to access topics: [Topic authorization failed]'),
  },
  {
    code: 'client_erroneous_state',
    error: () => named('LibrdKafkaError', 'Error Code -172: Local: Erroneous state', { code: -172 }),
  },
  {
    code: 'token_expired',
    error: () => new Error('Must supply an unexpired token: now=1795374716241ms, exp=1795374656241ms'),
  },
  ...['EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EADDRNOTAVAIL'].map((code) => ({
    code: 'network_unreachable',
    error: () => socketError(code, `connect ${code} 10.0.1.17:9098`),
  })),
  ...[
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  ].map((code) => ({ code: 'tls_certificate_untrusted', error: () => socketError(code, 'in other words') })),
  {
    code: 'dns_not_found',
    error: () => socketError('EAI_AGAIN', 'getaddrinfo EAI_AGAIN b-1.orders.example'),
  },
  { code: 'connection_closed', error: () => socketError('ECONNRESET', 'read ECONNRESET') },
  { code: 'connection_closed', error: () => bySaslAuthenticator('Closed connection') },
  {
    code: 'authentication_timeout',
    error: () => bySaslAuthenticator('Request SaslAuthenticate(key: 36, version: 1) timed out'),
  },
  { code: 'listener_without_sasl', error: () => createErrorFromCode(34) },
  { code: 'sasl_mechanism_unsupported', error: () => createErrorFromCode(33) },
  {
    code: 'clock_skew',
    phase: 'token',
    error: () =>
      named(
        'SignatureDoesNotMatch',
        'Signature expired: 20261122T184500Z is now earlier than 20261122T190000Z (20261122T191500Z - 15 min.)',
      ),
  },
  {
    code: 'clock_skew',
    phase: 'token',
    error: () =>
      named('RequestTimeTooSkewed', 'The difference between the request time and the current time'),
  },
  {
    code: 'base_credentials_invalid',
    phase: 'token',
    error: () => named('InvalidClientTokenId', 'The security token included in the request is invalid.'),
  },
  ...['ENETUNREACH', 'ETIMEDOUT', 'ECONNRESET', 'EAI_AGAIN'].map(
    (code): Sample => ({
      code: 'sts_unreachable',
      phase: 'token',
      error: () => Object.assign(new Error(`connect ${code}`), { code }),
    }),
  ),
  {
    code: 'sts_unavailable',
    phase: 'token',
    error: () => named('UnknownError', 'UnknownError', { $metadata: { httpStatusCode: 503 } }),
  },
]

const wrappers: [string, (error: unknown) => unknown][] = [
  ['as it is', (error) => error],
  [
    'in KafkaJSNumberOfRetriesExceeded',
    (error) => new KafkaJSNumberOfRetriesExceeded(asError(error), { retryCount: 5, retryTime: 300 }),
  ],
  [
    'in KafkaJSNonRetriableError',
    (error) => new KafkaJSNonRetriableError('Failed to send', { cause: asError(error) }),
  ],
  [
    'in an AggregateError after another',
    (error) => new AggregateError([new Error('something else'), error], 'All failed'),
  ],
  ["in kafkajs's own aggregate", (error) => new KafkaJSAggregateError('Failed', [error as Error])],
  ['behind five causes', (error) => behind(error, 5)],
  ['as the original of an error', (error) => Object.assign(new Error('outer'), { original: error })],
  ['frozen', (error) => (typeof error === 'object' ? Object.freeze(error) : error)],
]

const asError = (error: unknown): Error => (error instanceof Error ? error : new Error(String(error)))

const behind = (error: unknown, depth: number): unknown =>
  depth === 0 ? error : new Error(`layer ${depth}`, { cause: behind(error, depth - 1) })

/** What a reader may rely on, whatever was read. */
function expectWellFormed(read: ClassifiedFailure): void {
  expect(read.code).not.toBe('')
  expect(read.title).not.toBe('')
  expect(read.hint).not.toBe('')
  expect(read.retriable).toBeTypeOf('boolean')
  expect(read.refusesToken).toBeTypeOf('boolean')
  const known = failureClass(read.code) || read.code === '_OTHER'
  const entry = known ? read.code.toLowerCase() : 'kafkas-own-names'
  expect(read.docs).toBe(`https://unpkg.com/kafka-iam-otel/docs/failures.md#${entry}`)
}

describe('The catalogue', () => {
  const codes = catalogue.map(({ code }) => code)

  test('has each code once', () => {
    expect(codes).toEqual([...new Set(codes)])
  })

  test.each(catalogue)('$code says what happened, what to do and whether it passes by itself', (row) => {
    expect(row.code).toMatch(/^([a-z][a-z0-9]*(_[a-z0-9]+)*|[A-Z][A-Z0-9]*(_[A-Z0-9]+)*)$/)
    expect(row.title).toMatch(/^\S.{10,}[^.]$/)
    expect(row.hint).toMatch(/^\S.{20,}\.$/)
    expect(row.retriable).toBeTypeOf('boolean')
  })

  test('takes a token for refused only where a broker has read it', () => {
    const refusing = catalogue.filter(({ refusesToken }) => refusesToken).map(({ code }) => code)
    expect(refusing).toEqual([
      'access_denied',
      'invalid_signature',
      'session_too_short',
      'oauthbearer_error',
      'sasl_authentication_failed',
    ])
  })

  test('calls reproduced exactly what the tests with the real packages make happen', () => {
    const marked = catalogue.filter(({ evidence }) => evidence === 'reproduced').map(({ code }) => code)
    const files = [...Object.values(coveredBeforeAToken), coveredWithABroker]
    const covered = files.flatMap(({ reproduced }) => reproduced)
    expect([...marked].sort()).toEqual([...new Set(covered)].sort())
  })

  test('has a sample of the exact text of every row that is not reproduced', () => {
    const told = new Set(samples.map(({ code }) => code))
    const others = catalogue.filter(
      ({ evidence, patterns }) => evidence !== 'reproduced' && patterns.length > 0,
    )
    expect(others.map(({ code }) => code).filter((code) => !told.has(code))).toEqual([])
  })

  test('is quoted in docs/failures.md, also where nobody could reproduce it', () => {
    const told = new Set(
      samples.filter(({ code, error }) => isQuoted(code, String(error()))).map(({ code }) => code),
    )
    const others = samples.filter(({ code }) => rowOf(code).evidence !== 'reproduced')
    expect(others.map(({ code }) => code).filter((code) => !told.has(code))).toEqual([])
  })

  test('makes every other row by a class of its own', () => {
    const others = catalogue.filter(
      ({ evidence, patterns }) => evidence !== 'reproduced' && patterns.length === 0,
    )
    expect(others.map(({ evidence }) => evidence)).toEqual(others.map(() => 'own'))
    for (const { code, hint, retriable } of others) {
      for (const Class of [
        KafkaIamError,
        MskIamTokenError,
        MskIamAuthenticationError,
        MskIamConfigurationError,
      ]) {
        const error = new Class(code)
        expect(error).toMatchObject({ code, hint, retriable, failure: { code, hint } })
        expect(classifyFailure(error)).toMatchObject({ code, hint, retriable })
      }
    }
  })
})

describe.each(wrappers)('An error %s', (_, wrap) => {
  test.each(samples.map((sample) => ({ ...sample, text: String(sample.error()).slice(0, 90) })))(
    'is $code: $text',
    ({ code, error, phase, requestId: id }) => {
      const { title, hint, retriable, refusesToken = false } = rowOf(code)
      const read = classifyFailure(wrap(error()), phase)
      expect(read).toEqual({
        code,
        title,
        hint,
        retriable,
        refusesToken,
        docs: `https://unpkg.com/kafka-iam-otel/docs/failures.md#${code.toLowerCase()}`,
        ...(id ? { requestId: id } : {}),
      })
    },
  )
})

describe('Reading an error', () => {
  test('a denial of STS or of a custom signer is not taken for one of the broker', () => {
    const denied = named('AccessDenied', 'Access denied')
    expect(classifyFailure(denied, 'token')).toMatchObject({
      code: 'assume_role_denied',
      refusesToken: false,
    })
  })

  test('an error of Kafka without a row keeps its own name, and its word on whether it passes', () => {
    const [moved, tooLarge] = [createErrorFromCode(6), createErrorFromCode(10)]
    expect(classifyFailure(moved)).toMatchObject({ code: 'NOT_LEADER_FOR_PARTITION', retriable: true })
    expect(classifyFailure(tooLarge)).toMatchObject({ code: 'MESSAGE_TOO_LARGE', retriable: false })
  })

  test('a chain of causes that bites its tail is read once around', () => {
    const first = new Error('first')
    const second = new Error('Too many connects', { cause: first })
    first.cause = second
    expect(classifyFailure(first).code).toBe('too_many_connects')
  })

  test('an error that is its own cause is read', () => {
    const error = new Error('Session too short')
    error.cause = error
    expect(classifyFailure(error).code).toBe('session_too_short')
  })

  test('a getter that throws hides only itself', () => {
    const error = Object.defineProperty(new Error('Session too short'), 'code', {
      get: () => {
        throw new Error('not for you')
      },
    })
    expect(classifyFailure(error).code).toBe('session_too_short')
  })

  test.each([null, undefined, '', 0, false, Symbol('x'), {}, [], () => undefined])(
    'what is no error (%s) is unknown, and does not pass by itself',
    (value) => {
      const read = classifyFailure(value)
      expect(read).toMatchObject({ code: '_OTHER', retriable: false, refusesToken: false })
      expectWellFormed(read)
    },
  )

  test('what is told of an unknown error has no secret, no ARN and no account', () => {
    const text =
      'no wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY for AKIAIOSFODNN7EXAMPLE in arn:aws:iam::123456789012:role/orders of 123456789012'
    expect(classifyFailure(new Error(text), 'token').title).toBe(
      'no [redacted] for [redacted id] in [arn] of [account]',
    )
    expect(classifyFailure(new TypeError(text)).title).toBe('Something unknown went wrong: TypeError')
  })

  test('nothing makes it throw', { timeout: 30_000 }, () => {
    // fast-check looks into what it generates, so what bites is made from a recipe, inside the property.
    const throwing = () => {
      throw new Error('trap')
    }
    const hostile = [
      () => new Proxy(new Error('x'), { get: throwing, has: throwing, getPrototypeOf: throwing }),
      () => revoked({}),
      () => revoked([]),
      () => revoked(() => undefined),
      () => Object.defineProperty({}, 'code', { get: throwing }),
      () => new Proxy([1], { get: throwing }),
    ]
    const made = (recipe: unknown) => hostile.find((make) => make === recipe)?.() ?? recipe
    const value = fc.oneof(
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withNullPrototype: true }),
      fc.constantFrom<unknown>(...hostile),
      fc.constantFrom<unknown>('_OTHER', 'access_denied', 'NOT_COORDINATOR', { code: 'access_denied' }),
    )
    const keys = ['name', 'message', 'code', 'type', 'retriable', 'failure', 'cause', 'original', 'errors']
    const fields = fc.dictionary(fc.constantFrom(...keys, 'hint', '$metadata'), value)
    const shapes = fc.constantFrom<(given: object) => unknown>(
      (given) => given,
      (given) => Object.assign(new Error('x'), given),
      (given) => ({ failure: given }),
      (given) => new AggregateError([given, given]),
    )
    const check = (given: unknown, phase: Phase) => {
      const read = classifyFailure(given, phase)
      expectWellFormed(read)
      annotate(given, read, true)
    }
    fc.assert(
      fc.property(
        value,
        fields,
        shapes,
        fc.constantFrom<Phase>('token', 'broker'),
        (one, many, shape, phase) => {
          check(made(one), phase)
          const entries = Object.entries(many).map(([key, recipe]) => [key, made(recipe)])
          check(shape(Object.fromEntries(entries)), phase)
        },
      ),
      { numRuns: 2_000 },
    )
  })
})

const revoked = <T extends object>(target: T): T => {
  const { proxy, revoke } = Proxy.revocable(target, {})
  revoke()
  return proxy
}

describe('Writing beside an error', () => {
  test('an error of another is told its code, hint, request id and whether it passes', () => {
    const error = refused(`[${requestId}]: Too many connects`)
    annotate(error, classifyFailure(error), true)
    const { hint } = rowOf('too_many_connects')
    expect(error).toMatchObject({ failure: { code: 'too_many_connects', hint, requestId }, retriable: true })
  })

  test('read again, it says the same, also after kafkajs has given up on it', () => {
    const error = socketError('ECONNREFUSED', 'connect ECONNREFUSED 127.0.0.1:9098')
    const gaveUp = new KafkaJSNumberOfRetriesExceeded(error, { retryCount: 5, retryTime: 300 })
    const read = classifyFailure(gaveUp)
    annotate(gaveUp, read)
    expect(gaveUp.retriable).toBe(false)
    expect(classifyFailure(gaveUp)).toEqual(read)
    expect(read.retriable).toBe(true)
  })

  test('an error of ours keeps its own word on whether it passes, also under an error that repeats it', () => {
    const own = new MskIamAuthenticationError('listener_without_sasl', { retriable: true })
    const outer = new KafkaJSNonRetriableError('Failed', { cause: own })
    annotate(outer, classifyFailure(outer))
    expect(classifyFailure(outer)).toMatchObject({ code: 'listener_without_sasl', retriable: true })
  })

  test.each([
    ['a frozen error', Object.freeze(new Error('Access denied'))],
    ['null', null],
    ['a string', 'Access denied'],
    [
      'an error whose setter throws',
      Object.defineProperty(new Error('Access denied'), 'failure', {
        set: () => {
          throw new Error('not for you')
        },
        get: () => undefined,
      }),
    ],
  ])('%s stays as it is', (_, error) => {
    annotate(error, classifyFailure(error), true)
    expect((error as { failure?: unknown } | null)?.failure).toBeUndefined()
  })
})
