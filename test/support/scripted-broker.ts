import * as net from 'node:net'
import * as tls from 'node:tls'
import { ApiKey, Reader, Writer } from './wire.ts'

/** What the broker does with one SaslAuthenticate. */
export type Answer =
  | { readonly sessionLifetimeMs?: number; readonly authBytes?: string }
  | { readonly errorCode: number; readonly message: string }
  | 'close'
  | 'hang'

export interface ScriptedBrokerOptions {
  /** Asked for each SaslAuthenticate, in order. Default: accepts, with an unlimited session. */
  readonly authenticate?: (exchange: Exchange) => Answer | Promise<Answer>
  readonly mechanisms?: readonly string[]
  /** Answers SaslHandshake as a listener without SASL does. */
  readonly withoutSasl?: boolean
  readonly tls?: { readonly key: string; readonly cert: string }
  /** Accepts connections and says nothing. */
  readonly mute?: boolean
}

export interface Exchange {
  readonly number: number
  readonly token: string
  /** SASL exchanges on this connection so far, this one included. */
  readonly onConnection: number
  readonly connection: number
}

export interface ScriptedBroker extends AsyncDisposable {
  readonly port: number
  /** `localhost:port` */
  readonly address: string
  readonly exchanges: readonly Exchange[]
  /** Messages produced, by topic. */
  readonly produced: ReadonlyMap<string, number>
  readonly connections: number
}

const SASL_AUTHENTICATION_FAILED = 58
const ILLEGAL_SASL_STATE = 34
const UNSUPPORTED_SASL_MECHANISM = 33
/** Kafka closes a refused connection a moment after it answered. */
const CLOSE_AFTER_MS = 100

/** A broker that says what the test wants, to a real kafkajs over a real socket. Not for what the stack can show. */
export async function scriptedBroker(options: ScriptedBrokerOptions = {}): Promise<ScriptedBroker> {
  const exchanges: Exchange[] = []
  const produced = new Map<string, number>()
  const sockets = new Set<net.Socket>()
  let connections = 0

  const onConnection = (socket: net.Socket) => {
    const connection = ++connections
    let onConnectionCount = 0
    let shakenHands = false
    let pending = Buffer.alloc(0)
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
    if (options.mute) return

    const respond = (correlationId: number, body: Buffer) => {
      if (!socket.destroyed)
        socket.write(
          new Writer().bytes(Buffer.concat([new Writer().int32(correlationId).buffer, body])).buffer,
        )
    }
    const authenticate = async (correlationId: number, frame: Buffer) => {
      const token = /auth=Bearer ([\w.~+/=-]*)/.exec(frame.toString())?.[1] ?? ''
      shakenHands = false
      // As Kafka: not an exchange, whatever the test says.
      if (token === '') return void refuse(correlationId, 'Invalid OAUTHBEARER client first message')
      onConnectionCount += 1
      const exchange = { number: exchanges.length + 1, token, onConnection: onConnectionCount, connection }
      exchanges.push(exchange)
      const answer = (await options.authenticate?.(exchange)) ?? {}
      if (answer === 'hang') return
      if (answer === 'close') return void socket.end()
      if ('errorCode' in answer) return refuse(correlationId, answer.message, answer.errorCode)
      const { authBytes = '', sessionLifetimeMs = 0 } = answer
      respond(
        correlationId,
        new Writer().int16(0).string(null).bytes(Buffer.from(authBytes)).int64(sessionLifetimeMs).buffer,
      )
    }
    const refuse = (correlationId: number, message: string, errorCode = SASL_AUTHENTICATION_FAILED) => {
      respond(
        correlationId,
        new Writer().int16(errorCode).string(message).bytes(Buffer.alloc(0)).int64(0).buffer,
      )
      setTimeout(() => socket.end(), CLOSE_AFTER_MS)
    }

    const handle = (frame: Buffer) => {
      const reader = new Reader(frame)
      const [apiKey, apiVersion, correlationId] = [reader.int16(), reader.int16(), reader.int32()]
      reader.string() // client id
      if (apiKey === ApiKey.SaslAuthenticate) return void authenticate(correlationId, reader.bytes())
      if (apiKey === ApiKey.SaslHandshake && shakenHands) {
        return respond(
          correlationId,
          new Writer().int16(ILLEGAL_SASL_STATE).array([], () => undefined).buffer,
        )
      }
      if (apiKey === ApiKey.SaslHandshake) shakenHands = true
      const body = answers[apiKey]?.(apiVersion, reader)
      if (body) respond(correlationId, body)
      else socket.destroy()
    }

    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk])
      while (pending.length >= 4 && pending.length >= 4 + pending.readInt32BE()) {
        const end = 4 + pending.readInt32BE()
        handle(pending.subarray(4, end))
        pending = pending.subarray(end)
      }
    })
  }

  const answers: Record<number, (version: number, reader: Reader) => Buffer> = {
    [ApiKey.ApiVersions]: (version) => {
      const served = [
        [ApiKey.Produce, 3],
        [ApiKey.Metadata, 1],
        [ApiKey.SaslHandshake, 1],
        [ApiKey.ApiVersions, 2],
        [ApiKey.SaslAuthenticate, 1],
      ] as const
      const body = new Writer()
        .int16(0)
        .array(served, (writer, [key, max]) => writer.int16(key).int16(0).int16(max))
      return (version > 0 ? body.int32(0) : body).buffer
    },
    [ApiKey.SaslHandshake]: (_, reader) => {
      const mechanism = reader.string() ?? ''
      const mechanisms = options.mechanisms ?? ['OAUTHBEARER']
      const supported = mechanisms.includes(mechanism) ? 0 : UNSUPPORTED_SASL_MECHANISM
      const code = options.withoutSasl ? ILLEGAL_SASL_STATE : supported
      return new Writer().int16(code).array(mechanisms, (writer, name) => writer.string(name)).buffer
    },
    [ApiKey.Metadata]: (_, reader) => {
      const topics = reader.array(() => reader.string() ?? '')
      return new Writer()
        .array([0], (writer) => writer.int32(0).string('localhost').int32(port).string(null))
        .int32(0)
        .array(topics, (writer, topic) =>
          writer
            .int16(0)
            .string(topic)
            .boolean(false)
            .array([0], (partitions) =>
              partitions
                .int16(0)
                .int32(0)
                .int32(0)
                .array([0], (ids, id) => ids.int32(id))
                .array([0], (ids, id) => ids.int32(id)),
            ),
        ).buffer
    },
    [ApiKey.Produce]: (_, reader) => {
      reader.string() // transactional id
      reader.int16() // acks
      reader.int32() // timeout
      const topics = reader.array(() => ({
        topic: reader.string() ?? '',
        partitions: reader.array(() => ({ partition: reader.int32(), count: recordCount(reader.bytes()) })),
      }))
      const body = new Writer().array(topics, (writer, { topic, partitions }) =>
        writer.string(topic).array(partitions, (answer, { partition, count }) => {
          const offset = produced.get(topic) ?? 0
          produced.set(topic, offset + count)
          answer.int32(partition).int16(0).int64(offset).int64(-1)
        }),
      )
      return body.int32(0).buffer
    },
  }

  const server = options.tls ? tls.createServer(options.tls, onConnection) : net.createServer(onConnection)
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as net.AddressInfo

  return {
    port,
    address: `localhost:${port}`,
    exchanges,
    produced,
    get connections() {
      return connections
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** A refusal, as Kafka frames what MSK says. */
export const refusal = (message: string): Answer => ({ errorCode: SASL_AUTHENTICATION_FAILED, message })

/** Records of a record batch of magic 2: the count stands at byte 57. */
const recordCount = (batch: Buffer): number => (batch.length >= 61 ? batch.readInt32BE(57) : 0)
