/** What a transaction that fails may claim, and what it hands on. */
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import type { KafkaPublisherOptions } from '../../../src/index.ts'
import { startTelemetry, type Telemetry } from '../../support/telemetry.ts'
import { transactions } from '../support/made-up-transactions.ts'
import { publishing } from '../support/sandboxed.ts'

vi.mock('kafkajs', async (original) =>
  (await import('../support/made-up-transactions.ts')).withMadeUpTransactions(original),
)

let telemetry: Telemetry
beforeAll(() => {
  telemetry = startTelemetry()
})
afterEach(() => {
  telemetry.clear()
  transactions.over = {}
})
afterAll(() => telemetry.stop())

const tea = { topic: 'orders', value: 'tea' }
const ledger = (options: Partial<KafkaPublisherOptions> = {}) =>
  publishing({}, { transactionalId: 'ledger', ...options })
const answer = (type: string) =>
  Object.assign(new Error('The coordinator says no'), {
    name: 'KafkaJSProtocolError',
    type,
    retriable: false,
  })
/** In an object: a promise would look for the `then` of what is thrown. */
const thrownBy = (doing: Promise<unknown>) =>
  doing.then(
    () => ({ error: 'nothing' as unknown }),
    (error: unknown) => ({ error }),
  )

test.each([
  'NOT_COORDINATOR_FOR_GROUP',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
  'CONCURRENT_TRANSACTIONS',
  'UNKNOWN',
  'AN_ERROR_OF_A_LATER_KAFKA',
])('a commit that is answered with %s may have been done: nobody is told that it was not', async (type) => {
  const { publisher } = await ledger()
  const refused = answer(type)
  transactions.over = { commit: () => Promise.reject(refused) }
  const { error } = await thrownBy(publisher.transaction(({ publish }) => publish([tea])))
  expect(error).toMatchObject({ code: 'transaction_outcome_unknown', original: refused })
  expect(telemetry.spans('msk_iam.transaction').at(-1)?.attributes).toMatchObject({
    'msk_iam.transaction.outcome': 'unknown',
  })
})

test.each(['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH', 'INVALID_TXN_STATE', 'TRANSACTION_ABORTABLE'])(
  'a commit that is answered with %s was not done',
  async (type) => {
    const { publisher } = await ledger()
    const refused = answer(type)
    transactions.over = { commit: () => Promise.reject(refused) }
    const { error } = await thrownBy(publisher.transaction(({ publish }) => publish([tea])))
    expect(error).toBe(refused)
    expect(telemetry.spans('msk_iam.transaction').at(-1)?.attributes).toMatchObject({
      'msk_iam.transaction.outcome': 'abort',
    })
  },
)

const unreadable = (): never => {
  throw new Error('not now')
}
const THROWN: [string, unknown][] = [
  ['an object without a prototype', Object.create(null)],
  ['an object whose text throws', { toString: unreadable }],
  [
    'a Proxy that throws at every look',
    new Proxy(new Error('mine'), { get: unreadable, getPrototypeOf: unreadable }),
  ],
]

test.each(THROWN)('what the work throws comes back as it was, also %s', async (_, mine) => {
  const aborted = vi.fn()
  const { publisher } = await ledger({ hooks: { onTransactionAbort: aborted } })
  transactions.ends.length = 0
  const { error } = await thrownBy(publisher.transaction(() => Promise.reject(mine)))
  expect(Object.is(error, mine)).toBe(true)
  expect(transactions.ends).toEqual(['abort'])
  expect(aborted).toHaveBeenCalledExactlyOnceWith(expect.any(Error))
})

test.each(THROWN)(
  'what a transactional id throws at connect comes back as it was, also %s',
  async (_, mine) => {
    const failed = vi.fn()
    const transactionalId = () => {
      throw mine
    }
    const { error } = await thrownBy(ledger({ transactionalId, hooks: { onError: failed } }))
    expect(Object.is(error, mine)).toBe(true)
    expect(failed).toHaveBeenCalledExactlyOnceWith(expect.any(Error))
  },
)

test('what a transactional id throws at connect has code and hint beside it', async () => {
  const mine = Object.assign(new Error('no such instance'), { code: 'ENOTFOUND', syscall: 'getaddrinfo' })
  const { error } = await thrownBy(ledger({ transactionalId: () => Promise.reject(mine) }))
  expect(error).toBe(mine)
  expect(error).toMatchObject({ failure: { code: 'dns_not_found' } })
})
