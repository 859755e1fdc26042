/** A function among the options that never answers: whoever waits for it gets an error that names it, and then it ends. */
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { KafkaPublisher, type KafkaPublisherOptions } from '../../src/index.ts'
import { startSandbox } from '../../src/testing/index.ts'
import { transactions } from './support/made-up-transactions.ts'
import { publishing, valuesIn } from './support/sandboxed.ts'

vi.mock('kafkajs', async (original) =>
  (await import('./support/made-up-transactions.ts')).withMadeUpTransactions(original),
)
afterEach(() => {
  vi.useRealTimers()
})

const tea = { topic: 'orders', value: 'tea' }

/** A function that has been called, and does not answer. */
function silent() {
  const called = Promise.withResolvers<void>()
  const fn = () => {
    called.resolve()
    return new Promise<never>(() => undefined)
  }
  return { fn, called: called.promise }
}

type Silent = ReturnType<typeof silent>['fn']
/** The function, how the message names it, and how long it has. */
const functions: Record<string, [(fn: Silent) => Partial<KafkaPublisherOptions>, string, number]> = {
  brokers: [(brokers) => ({ brokers }), 'brokers()', 30_000],
  transactionalId: [(transactionalId) => ({ transactionalId }), 'transactionalId()', 30_000],
  'the token provider of another library': [
    (oauthBearerProvider) => ({ sasl: { mechanism: 'oauthbearer', oauthBearerProvider } }),
    'sasl.oauthBearerProvider()',
    20_000,
  ],
  'an authentication of the caller': [
    (authenticate) => ({
      sasl: { mechanism: 'oauthbearer', authenticationProvider: () => ({ authenticate }) },
      requestTimeoutMs: 5_000,
    }),
    'sasl.authenticationProvider().authenticate()',
    30_000,
  ],
  'an authentication of classes with private fields': [
    (answer) => {
      class Authenticator {
        readonly #answer = answer
        authenticate() {
          return this.#answer()
        }
      }
      class Provider {
        readonly mechanism = 'oauthbearer'
        readonly #authenticator = new Authenticator()
        authenticationProvider() {
          return this.#authenticator
        }
      }
      return { sasl: new Provider(), requestTimeoutMs: 5_000 }
    },
    'sasl.authenticationProvider().authenticate()',
    30_000,
  ],
}

async function publisherWith(options: Partial<KafkaPublisherOptions>) {
  const sandbox = await startSandbox({ brokers: 1, topics: { orders: 1 } })
  onTestFinished(() => sandbox.close())
  return new KafkaPublisher({
    brokers: sandbox.brokers,
    ssl: false,
    kafka: { logLevel: 0 },
    ...options,
  })
}

describe.each(Object.entries(functions))('%s that never answers', (_, [options, name, ms]) => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  const failure = {
    message: expect.stringContaining(
      `A function of yours did not answer in time: KafkaPublisher: \`${name}\` has not answered within ${ms} ms. `,
    ),
    failure: { code: 'callback_timeout', hint: expect.stringMatching(/^The message names it\./) },
  }

  test('fails `connect()`, and a `disconnect()` behind it ends', async () => {
    const { fn, called } = silent()
    const publisher = await publisherWith(options(fn))
    const ended = Promise.allSettled([publisher.connect(), publisher.disconnect()])
    await called
    await vi.advanceTimersByTimeAsync(ms)
    expect(await ended).toMatchObject([{ status: 'rejected', reason: failure }, { status: 'fulfilled' }])
  })
})

describe.each(Object.entries(functions).filter(([name]) => name !== 'transactionalId'))(
  '%s that never answers an admin client',
  (_, [options, name, ms]) => {
    beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))

    test.each<[string, (publisher: KafkaPublisher) => Promise<unknown>]>([
      ['healthCheck', (publisher) => publisher.healthCheck({ timeoutMs: 0 }).then(({ error }) => error)],
      ['ensureTopics', (publisher) => publisher.ensureTopics([{ topic: 'orders' }]).catch((error) => error)],
    ])('is the error of `%s`', async (_, use) => {
      const { fn, called } = silent()
      const publisher = await publisherWith(options(fn))
      const error = use(publisher)
      await called
      await vi.advanceTimersByTimeAsync(ms)
      expect(await error).toMatchObject({
        message: expect.stringContaining(`\`${name}\` has not answered`),
        failure: { code: 'callback_timeout' },
      })
      await publisher.disconnect()
    })
  },
)

describe('the work of a transaction that never ends', () => {
  const ledger = (options: Partial<KafkaPublisherOptions> = {}) =>
    publishing({}, { transactionalId: 'ledger', transactionTimeoutMs: 200, ...options })

  test('does not keep `disconnect()` from ending: it is aborted, and its caller gets the reason', async () => {
    const { publisher } = await ledger()
    transactions.ends.length = 0
    const { fn, called } = silent()
    const transaction = publisher.transaction(fn)
    const ended = Promise.allSettled([transaction, publisher.transaction(fn)])
    await called
    await publisher.disconnect()
    const reason = {
      code: 'callback_timeout',
      message: expect.stringContaining('KafkaPublisher: `transaction(work)` has not answered within 200 ms'),
    }
    expect(await ended).toMatchObject([
      { status: 'rejected', reason },
      { status: 'rejected', reason },
    ])
    expect(transactions.ends).toEqual(['abort'])
  })

  test('publishes nothing more once it was given up', async () => {
    const { sandbox, publisher } = await ledger()
    const disconnected = Promise.withResolvers<void>()
    const began = Promise.withResolvers<void>()
    const late = Promise.withResolvers<unknown>()
    const transaction = publisher.transaction(async ({ publish }) => {
      began.resolve()
      await disconnected.promise
      await publish([tea]).catch((error) => late.resolve(error))
    })
    await began.promise
    await Promise.all([
      publisher.disconnect(),
      expect(transaction).rejects.toMatchObject({ code: 'callback_timeout' }),
    ])
    disconnected.resolve()
    expect(await late.promise).toMatchObject({ code: 'transaction_aborted' })
    expect(valuesIn(sandbox)).toEqual([])
  })

  test('is waited for where it ends in time', async () => {
    const { sandbox, publisher } = await ledger({ transactionTimeoutMs: 60_000 })
    const go = Promise.withResolvers<void>()
    const transaction = publisher.transaction(async ({ publish }) => {
      await go.promise
      return publish([tea])
    })
    const ended = Promise.all([transaction, publisher.disconnect()])
    go.resolve()
    expect(await ended).toMatchObject([[{ ok: true }], undefined])
    expect(valuesIn(sandbox)).toEqual(['tea'])
  })
})
