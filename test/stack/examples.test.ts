import { afterEach, beforeAll, expect, test } from 'vitest'
import { clearFault, setFault } from '../../scripts/fault.ts'
import { Span } from '../../src/telemetry/names.ts'
import { jaeger } from './support/jaeger.ts'
import { singleValue } from './support/prometheus.ts'
import { endOf, readBack } from './support/read-back.ts'
import { build, type RunningExample, startExample } from './support/run-example.ts'
import { until } from './support/until.ts'

const running: RunningExample[] = []
/** What the relay published, and the contexts of the requests that its orders came from. */
let orders: Awaited<ReturnType<typeof readBack>>
let relay: RunningExample

function start(file: string, env: Record<string, string> = {}): RunningExample {
  const example = startExample(file, env)
  running.push(example)
  return example
}

beforeAll(async () => {
  build()
  const from = await endOf('orders')
  relay = start('outbox-relay.ts')
  expect(await relay.ended()).toBe(0)
  orders = await readBack('orders', from)
}, 120_000)

afterEach(() => {
  clearFault()
  for (const { process } of running.splice(0)) process.kill('SIGKILL')
})

test('the outbox relay publishes every row once, tells the dead one, and keeps each in the trace it was written in', async () => {
  expect(await relay.printed()).toContain('19 published, 1 dead')
  expect(await relay.printed()).toContain('row-20 is dead: poison')
  const spans = await until('the spans of the relay', async () => {
    const found = await jaeger(relay.service)
    return found.filter(({ name }) => name === 'send orders').length === 2 && found
  })
  const requests = spans.filter(({ name }) => name === 'place order')
  const placed = requests.map(({ traceId, spanId }) => `${traceId}-${spanId}`)
  const ours = orders.filter(({ context }) => context !== undefined && placed.includes(context))
  expect(ours).toHaveLength(19)
  expect(new Set(ours.map(({ context }) => context)).size).toBe(19)
  const sends = spans.filter(({ name }) => name === 'send orders')
  // Each send only carries what was created before, so it links there.
  expect(sends.map(({ kind }) => kind)).toEqual(['client', 'client'])
  expect(sends.flatMap(({ links }) => links).sort()).toEqual([...placed].sort())
  expect(sends.map(({ status }) => status).sort()).toEqual(['ERROR', 'UNSET'])
})

test('the worker processes each order in the trace of the request that placed it', async () => {
  const worker = start('consumer-worker.ts', { GROUP_ID: `orders-worker-${relay.id}` })
  const traces = new Set(orders.map(({ context }) => context?.split('-')[0]))
  await until(
    'the orders to be processed',
    async () => {
      const spans = await jaeger(worker.service)
      const shipped = spans.filter(({ name, traceId }) => name === 'ship order' && traces.has(traceId))
      const parents = new Set(
        spans.filter(({ name }) => name === 'process orders').map(({ spanId }) => spanId),
      )
      return shipped.length >= 19 && shipped.every(({ parentId }) => parentId && parents.has(parentId))
    },
    { seconds: 60 },
  )
  expect(await worker.stop()).toBe(0)
}, 120_000)

test('the transactional publisher writes one invoice for each order, in its trace, and commits it', async () => {
  const invoices = start('transactional-publisher.ts', {
    GROUP_ID: `orders-invoices-${relay.id}`,
    INSTANCE: relay.id,
  })
  await until('an invoice', async () => (await invoices.printed()).includes('committed'), { seconds: 60 })
  const wanted = orders.flatMap(({ context }) => context ?? []).sort()
  const start0 = [0, 1, 2].map((partition) => ({ partition, offset: '0' }))
  await until(
    'all invoices',
    async () => {
      const written = (await readBack('orders-invoices', start0)).flatMap(({ context }) => context ?? [])
      return (
        written
          .filter((context) => wanted.includes(context))
          .sort()
          .join() === wanted.join()
      )
    },
    { seconds: 60 },
  )
  const transactions = await until('the transactions in Jaeger', async () => {
    const spans = await jaeger(invoices.service)
    const found = spans.filter(({ name }) => name === Span.Transaction)
    return found.length > 0 && found
  })
  for (const { attributes } of transactions) {
    expect(attributes).toMatchObject({ 'msk_iam.transaction.outcome': 'commit' })
  }
  expect(await invoices.stop()).toBe(0)
}, 180_000)

test('a worker that is denied when its session ends says why, sends its telemetry, and ends with 1', async () => {
  setFault('short-session', { principal: 'orders-service' })
  const worker = start('consumer-worker.ts', { GROUP_ID: `orders-denied-${relay.id}` })
  await until('the worker to work', async () => (await worker.printed()).includes('shipped'), { seconds: 60 })
  setFault('deny', { principal: 'orders-service' })
  expect(await worker.ended()).toBe(1)
  expect(await worker.printed()).toMatch(
    /the consumer has ended: .*\n {2}access_denied: .*kafka-cluster:Connect/,
  )
  await until(
    'its crash in Prometheus',
    async () => (await singleValue(`msk_iam_consumer_crashes_total{service_name="${worker.service}"}`)) === 1,
  )
}, 120_000)

test('a worker whose handler fails starts again, until it is stopped', async () => {
  const worker = start('consumer-worker.ts', {
    GROUP_ID: `orders-rejected-${relay.id}`,
    REJECT_ORDERS: 'true',
  })
  await until('a crash', async () => (await worker.printed()).includes('crashed and starts again'), {
    seconds: 60,
  })
  expect(await worker.stop()).toBe(0)
}, 120_000)
