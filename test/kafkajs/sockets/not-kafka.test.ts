import { type AddressInfo, createServer, type Socket } from 'node:net'
import fc from 'fast-check'
import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { createMskIamConnection, instrumentKafka } from '../../../src/index.ts'

/** Something that listens, and answers the first request with these pieces; then it ends the connection. */
async function listenerThatAnswers(
  pieces: readonly Uint8Array[],
): Promise<{ address: string; close(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on('error', () => undefined)
    socket.once('data', () => {
      for (const piece of pieces) socket.write(piece)
      socket.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}

/** What connecting to it fails with. An exception in an event of the socket fails the whole run. */
async function errorOf(pieces: readonly Uint8Array[]): Promise<Error> {
  const listener = await listenerThatAnswers(pieces)
  const { sasl, ...connection } = createMskIamConnection({
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIALOCALORDERS00001', secretAccessKey: 'not-a-real-secret' },
    backgroundRefresh: false,
  })
  const config = { brokers: [listener.address], sasl, ...connection, ssl: false, logLevel: logLevel.NOTHING }
  const kafka = new Kafka({ ...config, requestTimeout: 200, connectionTimeout: 200, retry: { retries: 0 } })
  const producer = instrumentKafka(kafka).producer()
  try {
    await producer.connect()
    throw new Error('It connected')
  } catch (error) {
    return error as Error
  } finally {
    await producer.disconnect()
    sasl.close()
    listener.close()
  }
}

const sized = (size: number, ...rest: number[]) => {
  const frame = Buffer.alloc(4)
  frame.writeInt32BE(size)
  return Buffer.concat([frame, Buffer.from(rest)])
}

describe('What listens at the port and is not Kafka', () => {
  // With kafkajs's own sockets 0 to 3 are an uncaught RangeError.
  test.each([0, 1, 2, 3, -1, -(2 ** 31)])(
    'a frame of %i bytes is an error of connecting that says so',
    async (size) => {
      const error = await errorOf([sized(size, 1, 2, 3)])
      expect(error.message).toBe(
        `Connection error: The peer sent a frame of ${size} bytes, which is no response of Kafka`,
      )
    },
  )

  test.each([
    ['HTTP/1.1 400 Bad Request\r\n\r\n', 'The peer answered in HTTP: this port is no Kafka listener'],
    ['SSH-2.0-OpenSSH_9.6\r\n', 'The peer answered in SSH: this port is no Kafka listener'],
  ])('%j is named', async (answer, message) => {
    expect((await errorOf([Buffer.from(answer)])).message).toBe(`Connection error: ${message}`)
  })

  test('no bytes in no pieces are an uncaught exception', async () => {
    const size = fc.oneof(fc.integer({ min: -5, max: 20 }), fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }))
    const frame = fc.tuple(size, fc.uint8Array({ maxLength: 24 })).map(([n, rest]) => sized(n, ...rest))
    const bytes = fc.array(
      fc.oneof(
        frame,
        fc.uint8Array({ maxLength: 8 }).map((array) => Buffer.from(array)),
      ),
      {
        minLength: 1,
        maxLength: 4,
      },
    )
    await fc.assert(
      fc.asyncProperty(bytes, async (pieces) => {
        expect((await errorOf(pieces)).message).not.toBe('It connected')
      }),
      { numRuns: 60, examples: [[[Buffer.from([0, 0]), Buffer.from([0, 2, 9, 9])]]] },
    )
  }, 60_000)
})
