/** What the work of a transaction may do, and how a transaction ends. */
import type { Transaction } from 'kafkajs'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import type { KafkaPublisherOptions, PublishResult } from '../../../src/index.ts'
import { startTelemetry, type Telemetry } from '../../support/telemetry.ts'
import { transactions } from '../support/made-up-transactions.ts'
import { publishing, valuesIn } from '../support/sandboxed.ts'

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

async function ledger(options: Partial<KafkaPublisherOptions> = {}) {
  const made = await publishing({ topics: { orders: 1 } }, { transactionalId: 'ledger', ...options })
  // The first one of a producer is empty: it asks for the transactional id.
  transactions.ends.length = 0
  transactions.producers = 0
  return made
}
const tea = { topic: 'orders', value: 'tea' }
const never = () => new Promise<never>(() => undefined)
const outcomes = (results: readonly PublishResult[]) =>
  results.map(({ ok, errorKind, error }) => (ok ? 'ok' : `${errorKind} ${(error as { code?: string }).code}`))
const failure = (doing: Promise<unknown>) =>
  doing.then(
    () => 'none',
    (error) => error.code ?? error,
  )
const spans = () =>
  telemetry
    .spans('msk_iam.transaction')
    .map(({ attributes }) => [attributes['msk_iam.transaction.outcome'], attributes['error.type']])

test('a transaction within the work of another one is an error at once, and the outer one goes on', async () => {
  const { sandbox, publisher } = await ledger()
  const inner = await publisher.transaction(async (transaction) => {
    await transaction.publish([tea])
    return failure(publisher.transaction(async () => undefined))
  })
  expect(inner).toBe('transaction_in_progress')
  expect(transactions.ends).toEqual(['commit'])
  expect(valuesIn(sandbox)).toEqual(['tea'])
})

test('a publish that is a transaction itself, or a disconnect, within the work of one is an error at once', async () => {
  const { publisher } = await ledger({ transactional: true })
  const inner = await publisher.transaction(async () => ({
    publish: outcomes(await publisher.publish([tea])),
    disconnect: await failure(publisher.disconnect()),
  }))
  expect(inner).toEqual({ publish: ['fatal transaction_in_progress'], disconnect: 'transaction_in_progress' })
  expect(outcomes(await publisher.publish([tea]))).toEqual(['ok'])
})

test('what the work has begun and not waited for may begin transactions when it has ended', async () => {
  const { publisher } = await ledger()
  let ended = () => {}
  const outer = new Promise<void>((resolve) => {
    ended = resolve
  })
  let later: Promise<string> | undefined
  await publisher.transaction(async () => {
    later = outer.then(() => failure(publisher.transaction(async () => undefined)))
  })
  ended()
  expect(await later).toBe('none')
})

test('transactions that are begun at the same time run one after the other', async () => {
  const { publisher } = await ledger()
  const said: string[] = []
  const work = (name: string) => async () => {
    said.push(`${name} begins`)
    await new Promise(setImmediate)
    said.push(`${name} ends`)
  }
  await Promise.all(['a', 'b'].map((name) => publisher.transaction(work(name))))
  expect(said).toEqual(['a begins', 'a ends', 'b begins', 'b ends'])
})

test('work that throws aborts on purpose: its error comes back as it was, and the span has no error', async () => {
  const { publisher } = await ledger()
  const mine = Object.freeze(new Error('Access denied: the customer has no credit'))
  expect(await failure(publisher.transaction(() => Promise.reject(mine)))).toBe(mine)
  expect(
    await failure(publisher.transaction(() => Promise.reject(undefined)).catch((error) => `${error}`)),
  ).toBe('none')
  expect(transactions.ends).toEqual(['abort', 'abort'])
  expect(spans()).toEqual([
    ['abort', undefined],
    ['abort', undefined],
  ])
})

test.each<[string, (publish: () => Promise<unknown>) => Promise<unknown>, unknown]>([
  ['lets it through', (publish) => publish(), 'MESSAGE_TOO_LARGE'],
  ['swallows it', (publish) => publish().catch(() => undefined), 'MESSAGE_TOO_LARGE'],
  ['does not wait for it', async (publish) => void publish().catch(() => undefined), 'MESSAGE_TOO_LARGE'],
  ['throws its own', (publish) => publish().catch(() => Promise.reject('mine')), 'mine'],
])('a failed send ends the transaction with an error, also where the work %s', async (_, work, expected) => {
  const { sandbox, publisher } = await ledger()
  sandbox.faults.add({ on: 'Produce', errorCode: 10, times: 1 })
  const doing = publisher.transaction(({ publish }) => work(() => publish([tea])))
  const error = await doing.then(
    () => undefined,
    (problem) => problem,
  )
  expect(error?.failure?.code ?? error).toBe(expected)
  expect(transactions.ends).toEqual(['abort'])
  expect(spans()).toEqual([['abort', 'MESSAGE_TOO_LARGE']])
})

test('a publish after one that failed, in the same transaction, is an error and sends nothing', async () => {
  const { sandbox, publisher } = await ledger()
  sandbox.faults.add({ on: 'Produce', errorCode: 10, times: 1 })
  const second = publisher.transaction(async ({ publish }) => {
    await publish([tea]).catch(() => undefined)
    return publish([{ ...tea, value: 'milk' }])
  })
  expect(await failure(second)).toBe('transaction_aborted')
  expect(valuesIn(sandbox)).toEqual([])
})

test('a partitioner that answers nonsense ends the transaction before anything is sent', async () => {
  const partitioner = (() => (args: { message: { value: unknown } }) =>
    String(args.message.value) === 'bad' ? undefined : 0) as never
  const { sandbox, publisher } = await ledger({ partitioner })
  const doing = publisher.transaction(({ publish }) => publish([tea, { ...tea, value: 'bad' }]))
  expect(await failure(doing)).toBe('message_invalid')
  expect(valuesIn(sandbox)).toEqual([])
  const { publisher: all } = await ledger({ partitioner, transactional: true })
  expect(outcomes(await all.publish([tea, { ...tea, value: 'bad' }]))).toEqual([
    'retriable transaction_aborted',
    'poison message_invalid',
  ])
})

test('offsets that are none end the transaction, also where the work looks away', async () => {
  const { publisher } = await ledger()
  const doing = publisher.transaction(async ({ sendOffsets }) => {
    await sendOffsets(undefined as never).catch(() => undefined)
  })
  await expect(doing).rejects.toBeInstanceOf(TypeError)
  expect(transactions.ends).toEqual(['abort'])
})

const SHORT = { deliveryTimeoutMs: 300 }

test.each<[string, Partial<Transaction>, string]>([
  ['a commit', { commit: never }, 'transaction_outcome_unknown'],
  ['a send', { send: never }, 'delivery_timeout'],
  ['a commit of offsets', { sendOffsets: never }, 'delivery_timeout'],
])(
  '%s that nobody answers ends after deliveryTimeoutMs, and the next one gets a new producer',
  async (_, over, code) => {
    const { publisher } = await ledger(SHORT)
    transactions.over = over
    const offsets = { consumerGroupId: 'group', topics: [] }
    const doing = publisher.transaction(async ({ publish, sendOffsets }) => {
      await publish([tea])
      await sendOffsets(offsets)
    })
    expect(await failure(doing)).toBe(code)
    transactions.over = {}
    expect(await publisher.transaction(({ publish }) => publish([tea]))).toMatchObject([{ ok: true }])
    expect(transactions.producers).toBe(1)
  },
)

test('an abort that nobody answers ends after deliveryTimeoutMs too', async () => {
  const { publisher } = await ledger(SHORT)
  transactions.over = { abort: never }
  expect(await failure(publisher.transaction(() => Promise.reject('mine')))).toBe('mine')
})

test('a publish that is a transaction has a result for each message after deliveryTimeoutMs', async () => {
  const { publisher } = await ledger({ ...SHORT, transactional: true })
  transactions.over = { send: never }
  expect(outcomes(await publisher.publish([tea, tea]))).toEqual([
    'retriable delivery_timeout',
    'retriable delivery_timeout',
  ])
  transactions.over = { commit: never }
  expect(outcomes(await publisher.publish([tea]))).toEqual(['retriable transaction_outcome_unknown'])
})

test('a transaction whose turn does not come in time is an error, and its work does not run', async () => {
  const { publisher } = await ledger(SHORT)
  let release = () => {}
  const first = publisher.transaction(
    () =>
      new Promise<void>((resolve) => {
        release = resolve
      }),
  )
  const work = vi.fn(async () => undefined)
  await expect(publisher.transaction(work)).rejects.toMatchObject({
    failure: { code: 'delivery_timeout' },
    // Not that it may be in the topic already.
    message: expect.stringMatching(
      /the transaction before it has not ended\. Nothing of it was sent: run it again/,
    ),
  })
  release()
  await first
  await publisher.transaction(async () => undefined)
  expect(work).not.toHaveBeenCalled()
  expect(transactions.ends).toEqual(['commit', 'commit'])
})
