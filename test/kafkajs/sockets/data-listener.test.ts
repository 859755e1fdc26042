import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createMskIamConnection, type SocketFactoryArgs } from '../../../src/index.ts'
import { answeringBroker } from '../../support/answering-broker.ts'

const credentials = { accessKeyId: 'AKIALOCALORDERS00001', secretAccessKey: 'not-a-real-secret' }

// A service that counts bytes, or a tool that shows what comes.
test.each(['before', 'after'] as const)(
  'a listener that a service adds to a socket %s kafkajs hears every answer, and kafkajs misses none',
  async (when) => {
    await using broker = await answeringBroker({
      // Due at once, as kafkajs counts.
      authenticate: () => ({ sessionLifetimeMs: 10_000 }),
      reauthenticationIntervalMs: 0,
    })
    let heard = 0
    const listen = (socket: Socket) => socket.on('data', () => (heard += 1))
    const { sasl, socketFactory, ...connection } = createMskIamConnection({
      region: 'eu-west-1',
      credentials,
    })
    const tapped = (args: SocketFactoryArgs) => {
      const socket: Socket = socketFactory({
        ...args,
        onConnect: () => {
          if (when === 'after') listen(socket)
          args.onConnect()
        },
      })
      if (when === 'before') listen(socket)
      return socket
    }
    const kafka = new Kafka({
      brokers: [broker.address],
      sasl,
      ...connection,
      socketFactory: tapped,
      ssl: false,
      requestTimeout: 1_000,
      retry: { retries: 0 },
      logLevel: logLevel.NOTHING,
    })
    const producer = kafka.producer()
    onTestFinished(async () => {
      await producer.disconnect()
      sasl.close()
    })
    await producer.connect()
    for (const key of ['1', '2', '3'])
      await producer.send({ topic: 'orders', messages: [{ key, value: 'tea' }] })
    expect(broker.keys('orders')).toEqual(['1', '2', '3'])
    expect(broker.exchanges.length).toBeGreaterThan(2)
    // Each exchange has two answers.
    expect(heard).toBeGreaterThan(2 * broker.exchanges.length)
  },
)

/** A socket of ours to something that answers each request with itself. */
async function echoing() {
  const server = createServer((peer) => peer.pipe(peer))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { sasl, socketFactory } = createMskIamConnection({ region: 'eu-west-1', credentials })
  const connected = Promise.withResolvers<void>()
  const { port } = server.address() as AddressInfo
  const socket: Socket = socketFactory({ host: '127.0.0.1', port, ssl: false, onConnect: connected.resolve })
  onTestFinished(() => {
    socket.destroy()
    server.close()
    sasl.close()
  })
  await connected.promise
  return socket
}

describe('A listener of a socket of ours', () => {
  const frame = (text: string) => {
    const size = Buffer.alloc(4)
    size.writeInt32BE(text.length)
    return Buffer.concat([size, Buffer.from(text)])
  }
  /** Writes a frame; resolves when it has come back to whoever listens. */
  async function answered(socket: Socket, text: string) {
    const heard = once(socket, 'data')
    socket.write(frame(text))
    await heard
  }

  test.each(['off', 'removeListener', 'removeAllListeners'] as const)(
    'hears nothing any more after %s',
    async (remove) => {
      const socket = await echoing()
      const heard: string[] = []
      const listener = (data: Buffer) => heard.push(data.toString('latin1', 4))
      socket.on('data', listener)
      await answered(socket, 'first')
      if (remove === 'removeAllListeners') socket.removeAllListeners('data')
      else socket[remove]('data', listener)
      expect(socket.listenerCount('data')).toBe(0)
      await answered(socket, 'second')
      expect(heard).toEqual(['first'])
    },
  )

  test('goes with removeAllListeners of all events, and the next one hears again', async () => {
    const socket = await echoing()
    const heard: string[] = []
    socket.on('data', (data: Buffer) => heard.push(data.toString('latin1', 4)))
    await answered(socket, 'first')
    socket.removeAllListeners()
    await answered(socket, 'second')
    expect(heard).toEqual(['first'])
  })

  test('has the socket for its this', async () => {
    const socket = await echoing()
    const seen: unknown[] = []
    socket.on('data', function listen(this: unknown) {
      seen.push(this)
    })
    await answered(socket, 'first')
    expect(seen[0] === socket).toBe(true)
  })

  test('hears one answer with once', async () => {
    const socket = await echoing()
    const heard: string[] = []
    socket.once('data', (data: Buffer) => heard.push(data.toString('latin1', 4)))
    await answered(socket, 'first')
    await answered(socket, 'second')
    expect(heard).toEqual(['first'])
  })

  test('that comes in the middle of an answer hears the whole of it, as the others do', async () => {
    const socket = await echoing()
    const heard: string[][] = [[], []]
    const listen = (index: number) =>
      socket.on('data', (data: Buffer) => heard[index]?.push(data.toString('latin1', 4)))
    listen(0)
    const [begin, end] = [frame('parted').subarray(0, 7), frame('parted').subarray(7)]
    const came = Promise.withResolvers<void>()
    const { bytesRead } = socket
    socket.write(begin)
    const look = setInterval(() => {
      if (socket.bytesRead - bytesRead < begin.length) return
      clearInterval(look)
      came.resolve()
    }, 1)
    await came.promise
    listen(1)
    const whole = once(socket, 'data')
    socket.write(end)
    await whole
    expect(heard).toEqual([['parted'], ['parted']])
  })
})
