/** Connecting, disconnecting, and what works without either. */
import { logLevel } from 'kafkajs'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { KafkaPublisher, type KafkaPublisherOptions } from '../../src/index.ts'
import { observedSocketFactory } from '../../src/kafkajs/sockets/observed-socket.ts'
import { startSandbox } from '../../src/testing/index.ts'
import { publisherFor, publishing, valuesIn } from './support/sandboxed.ts'

const tea = { topic: 'orders', value: 'tea' }

/** kafkajs's log, by its own rules: ERROR and worse. */
function errorLog() {
  const lines: string[] = []
  const logCreator = () => (entry: { log: { message: string } }) => void lines.push(entry.log.message)
  return { lines, kafka: { logLevel: logLevel.ERROR, logCreator } }
}

async function unconnected(options: Partial<KafkaPublisherOptions> = {}) {
  const sandbox = await startSandbox({ brokers: 2, topics: { orders: 2 } })
  const { publisher, close } = publisherFor(sandbox, options)
  onTestFinished(async () => {
    await close()
    await sandbox.close()
  })
  return { sandbox, publisher }
}

describe('disconnecting logs no error', () => {
  test('after publishing, twice, and once more', async () => {
    const { lines, kafka } = errorLog()
    const { publisher } = await publishing({ brokers: 2, topics: { orders: 3 } }, { kafka })
    await publisher.publish([0, 1, 2].map((partition) => ({ ...tea, partition })))
    await Promise.all([publisher.disconnect(), publisher.disconnect()])
    await publisher.disconnect()
    await new Promise(setImmediate)
    expect(lines).toEqual([])
  })

  test('with publishes under way, which are finished first', async () => {
    const { lines, kafka } = errorLog()
    const { sandbox, publisher } = await publishing({}, { kafka })
    sandbox.faults.add({ on: 'Produce', delayMs: 100, times: 1 })
    const publish = publisher.publish([tea])
    const [results] = await Promise.all([publish, publisher.disconnect(), publisher.disconnect()])
    expect(results).toMatchObject([{ ok: true }])
    await new Promise(setImmediate)
    expect(lines).toEqual([])
  })

  test('while it is connecting', async () => {
    const { lines, kafka } = errorLog()
    const { publisher } = await unconnected({ kafka })
    await Promise.all([publisher.connect(), publisher.disconnect()])
    await new Promise(setImmediate)
    expect(lines).toEqual([])
    await expect(publisher.publish([tea])).rejects.toMatchObject({ code: 'publisher_not_connected' })
  })

  test('where a broker hangs, once it is disconnected', async () => {
    const { lines, kafka } = errorLog()
    const { sandbox, publisher } = await publishing({}, { kafka, deliveryTimeoutMs: 300 })
    sandbox.faults.add({ on: 'Produce', connection: 'hang' })
    expect(await publisher.publish([tea])).toMatchObject([{ errorKind: 'retriable' }])
    lines.length = 0
    await publisher.disconnect()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(lines).toEqual([])
  })

  test('and each of two calls at once resolves when it is disconnected', async () => {
    const done: string[] = []
    const { publisher } = await publishing({}, { hooks: { onDisconnect: () => void done.push('hook') } })
    const first = publisher.disconnect().then(() => done.push('first'))
    const second = publisher.disconnect().then(() => done.push('second'))
    await Promise.all([first, second])
    expect(done).toEqual(['hook', 'first', 'second'])
  })
})

test('without a logger of one\u2019s own, kafkajs\u2019s lines go to the console as its own do', async () => {
  const error = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  onTestFinished(() => error.mockRestore())
  const publisher = new KafkaPublisher({
    brokers: ['127.0.0.1:1'],
    ssl: false,
    kafka: { retry: { retries: 0 }, logLevel: logLevel.ERROR },
  })
  await expect(publisher.connect()).rejects.toMatchObject({ failure: { code: 'connection_refused' } })
  const [line] = error.mock.calls[0] ?? []
  expect(JSON.parse(String(line))).toMatchObject({
    level: 'ERROR',
    broker: '127.0.0.1:1',
    message: expect.stringMatching(/^\[Connection\] Connection error: connect ECONNREFUSED/),
  })
})

test('a logger that throws or rejects changes nothing', async () => {
  const logCreator = () => (entry: { label: string }) => {
    if (entry.label === 'DEBUG') return Promise.reject(new Error('no'))
    throw new Error('no')
  }
  const { sandbox, publisher } = await publishing({}, { kafka: { logLevel: logLevel.DEBUG, logCreator } })
  sandbox.faults.add({ on: 'Produce', connection: 'close', times: 1 })
  expect(await publisher.publish([tea])).toMatchObject([{ ok: true }])
})

test.each<[string, () => unknown]>([
  ['returned no function', () => undefined],
  ['returned no function', () => Promise.reject(new Error('nobody waits for this one'))],
  [
    'threw an error',
    () => {
      throw new Error('no')
    },
  ],
])('a logCreator that %s is named at connect', async (did, logCreator) => {
  const publisher = new KafkaPublisher({ brokers: ['127.0.0.1:1'], ssl: false, kafka: { logCreator } })
  await expect(publisher.connect()).rejects.toMatchObject({
    code: 'invalid_option',
    message: expect.stringContaining(`\`kafka.logCreator\` ${did}`),
  })
})

describe('without being connected', () => {
  test('topics can be ensured, listed and described: the advice of topics_missing can be followed', async () => {
    const { publisher } = await unconnected({ validateTopicsOnConnect: ['nowhere'] })
    await expect(publisher.connect()).rejects.toMatchObject({ code: 'topics_missing' })
    expect(await publisher.ensureTopics([{ topic: 'orders', numPartitions: 3 }])).toEqual([
      { topic: 'orders', outcome: 'unchanged', partitions: 2, tooFewPartitions: true },
    ])
    await using admin = await publisher.admin()
    expect(await admin.listTopics()).toEqual(['orders'])
  })

  test('nothing is published and nothing ensured without a connection', async () => {
    const { sandbox, publisher } = await unconnected()
    expect(await publisher.publish([])).toEqual([])
    expect(await publisher.ensureTopics([])).toEqual([])
    await sandbox.close()
    expect(await publisher.ensureTopics([])).toEqual([])
  })

  test('the health check says that the cluster answers: before, after a failed connect, and after disconnecting', async () => {
    const { sandbox, publisher } = await unconnected()
    expect(await publisher.healthCheck()).toMatchObject({ ok: true })
    const fault = sandbox.faults.add({ refuse: 'Access denied' })
    await expect(publisher.connect()).rejects.toMatchObject({ failure: { code: 'access_denied' } })
    expect(await publisher.healthCheck()).toMatchObject({
      ok: false,
      error: { failure: { code: 'access_denied' } },
    })
    fault.remove()
    await publisher.connect()
    await publisher.disconnect()
    expect(await publisher.healthCheck()).toMatchObject({ ok: true })
  })
})

describe('the health check', () => {
  test('is not spoiled by closing its admin client', async () => {
    let failing = true
    const connect = observedSocketFactory()
    const socketFactory = (args: Parameters<typeof connect>[0]) => {
      const socket = connect(args)
      const { end } = socket
      socket.end = ((...args: []) => {
        if (!failing) return Reflect.apply(end, socket, args)
        throw new Error('closing failed')
      }) as typeof end
      return socket
    }
    const { publisher } = await unconnected({ socketFactory: socketFactory as never })
    const admin = await publisher.admin()
    await expect(admin.close()).rejects.toThrow('closing failed')
    expect(await publisher.healthCheck()).toMatchObject({ ok: true })
    expect(await publisher.ensureTopics([{ topic: 'orders' }])).toMatchObject([{ outcome: 'unchanged' }])
    failing = false
  })

  test.each([null, 7, { timeoutMs: -1 }, { timeoutMs: Number.NaN }, { timeout: 5 }])(
    'does not throw for %o: it says what it takes',
    async (options) => {
      const { publisher } = await unconnected()
      expect(await publisher.healthCheck(options as never)).toMatchObject({
        ok: false,
        error: { code: 'invalid_option' },
      })
    },
  )

  test('without a limit waits for the answer', async () => {
    const { publisher } = await unconnected()
    expect(await publisher.healthCheck({ timeoutMs: 0 })).toMatchObject({ ok: true })
  })
})

test('nothing new is taken from the moment on at which disconnect is called', async () => {
  const { publisher } = await publishing()
  const disconnected = publisher.disconnect()
  await expect(publisher.publish([tea])).rejects.toMatchObject({ code: 'publisher_not_connected' })
  await disconnected
})

test('connecting and disconnecting come one after the other, in the order of the calls', async () => {
  const { sandbox, publisher } = await publishing()
  await Promise.all([
    publisher.disconnect(),
    publisher.connect(),
    publisher.disconnect(),
    publisher.connect(),
  ])
  expect(await publisher.publish([tea])).toMatchObject([{ ok: true }])
  expect(valuesIn(sandbox)).toEqual(['tea'])
})
