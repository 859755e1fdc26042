/** A Kafka without a network: a socket for kafkajs's `socketFactory`, which answers in the next microtask. */
import { EventEmitter } from 'node:events'
import type { Socket } from 'node:net'
import type { ISocketFactory } from 'kafkajs'
import { ApiKey } from '../../src/testing/protocol/api.ts'
import { Writer } from '../../src/testing/protocol/writer.ts'

export const TOPIC = 'orders'
export const BROKER = 'memory:9092'

/** One version of each: the newest that kafkajs has without a new layout of everything. */
const VERSIONS: readonly (readonly [apiKey: number, version: number])[] = [
  [ApiKey.Produce, 3],
  [ApiKey.Fetch, 4],
  [ApiKey.ListOffsets, 1],
  [ApiKey.Metadata, 2],
  [ApiKey.OffsetCommit, 2],
  [ApiKey.OffsetFetch, 1],
  [ApiKey.FindCoordinator, 1],
  [ApiKey.JoinGroup, 0],
  [ApiKey.Heartbeat, 0],
  [ApiKey.LeaveGroup, 0],
  [ApiKey.SyncGroup, 0],
  [ApiKey.SaslHandshake, 1],
  [ApiKey.InitProducerId, 0],
  [ApiKey.SaslAuthenticate, 1],
]

export interface MemoryBrokerOptions {
  /** A session is valid for so long; kafkajs authenticates again with the next request when 10 s or less are left. */
  readonly sessionMs?: number
  /** The record batch that every Fetch is answered with, and how many messages are in it. */
  readonly records?: { readonly batch: Buffer; readonly messages: number }
}

interface Fetch {
  readonly socket: MemorySocket
  readonly correlationId: number
}

export class MemoryBroker {
  readonly socketFactory: ISocketFactory = ({ onConnect }) => {
    queueMicrotask(onConnect)
    return new MemorySocket(this) as unknown as Socket
  }
  readonly #options: MemoryBrokerOptions
  readonly #produced = answerOfProduce()
  #waiting: Fetch | undefined
  #due = 0
  #offset = 0

  constructor(options: MemoryBrokerOptions = {}) {
    this.#options = options
  }

  /** Answers fetches until so many messages have gone out: a multiple of those of one batch. */
  deliver(messages: number): void {
    this.#due += messages
    if (this.#waiting) this.#fetched(this.#waiting)
  }

  answer(socket: MemorySocket, request: Buffer): void {
    const apiKey = request.readInt16BE(4)
    const correlationId = request.readInt32BE(8)
    if (apiKey === ApiKey.Fetch) this.#fetched({ socket, correlationId })
    else if (apiKey === ApiKey.Produce) {
      const answer = Buffer.from(this.#produced)
      answer.writeInt32BE(correlationId, 4)
      socket.later(answer)
    } else socket.later(this.#answerOf(apiKey, new Writer(false).int32(0).int32(correlationId)).frame())
  }

  #fetched(fetch: Fetch): void {
    const { records } = this.#options
    this.#waiting = this.#due > 0 ? undefined : fetch
    if (!records || this.#due <= 0) return
    const { batch, messages } = records
    this.#due -= messages
    batch.writeBigInt64BE(BigInt(this.#offset), 0)
    this.#offset += messages
    const answer = new Writer(false).int32(0).int32(fetch.correlationId).int32(0)
    const partition = () => {
      answer.int32(0).int16(0).int64(this.#offset).int64(this.#offset)
      answer.array([], () => undefined).bytes(batch)
    }
    answer.array([TOPIC], (topic) => void answer.string(topic).array([0], partition))
    fetch.socket.later(answer.frame())
  }

  #answerOf(apiKey: number, answer: Writer): Writer {
    const { sessionMs = 0 } = this.#options
    const byTopic = (write: () => void) =>
      answer.array([TOPIC], (topic) => void answer.string(topic).array([0], write))
    switch (apiKey) {
      case ApiKey.ApiVersions:
        answer.int16(0).array(VERSIONS, ([key, version]) => answer.int16(key).int16(version).int16(version))
        return answer.int32(0)
      case ApiKey.Metadata:
        return metadata(answer)
      case ApiKey.FindCoordinator:
        return answer.int32(0).int16(0).string(null).int32(0).string('memory').int32(9092)
      case ApiKey.JoinGroup: {
        const member = () => answer.string('member').bytes(memberMetadata())
        answer.int16(0).int32(1).string('RoundRobinAssigner').string('member').string('member')
        return answer.array([0], member)
      }
      case ApiKey.SyncGroup:
        return answer.int16(0).bytes(memberAssignment())
      case ApiKey.OffsetFetch:
        return byTopic(() => answer.int32(0).int64(0).string('').int16(0))
      case ApiKey.ListOffsets:
        return byTopic(() => answer.int32(0).int16(0).int64(-1).int64(0))
      case ApiKey.OffsetCommit:
        return byTopic(() => answer.int32(0).int16(0))
      case ApiKey.InitProducerId:
        return answer.int32(0).int16(0).int64(1).int16(0)
      case ApiKey.SaslHandshake:
        return answer.int16(0).array(['OAUTHBEARER'], (mechanism) => answer.string(mechanism))
      case ApiKey.SaslAuthenticate:
        return answer.int16(0).string(null).bytes(Buffer.alloc(0)).int64(sessionMs)
      case ApiKey.Heartbeat:
      case ApiKey.LeaveGroup:
        return answer.int16(0)
      default:
        throw new Error(`the memory broker has no answer for request ${apiKey}`)
    }
  }
}

function metadata(answer: Writer): Writer {
  answer.array([0], (node) => answer.int32(node).string('memory').int32(9092).string(null))
  answer.string('memory-cluster').int32(0)
  const partition = () => answer.int16(0).int32(0).int32(0).int32s([0]).int32s([0])
  return answer.array([TOPIC], (topic) => {
    answer.int16(0).string(topic).boolean(false).array([0], partition)
  })
}

function answerOfProduce(): Buffer {
  const answer = new Writer(false).int32(0).int32(0)
  const partition = () => answer.int32(0).int16(0).int64(0).int64(-1)
  answer.array([TOPIC], (topic) => void answer.string(topic).array([0], partition))
  return answer.int32(0).frame()
}

/** What Kafka's consumer protocol has inside: without the length in front. */
const inner = (write: (body: Writer) => Writer) => write(new Writer(false).int32(0)).frame().subarray(4)
const memberMetadata = () =>
  inner((body) =>
    body
      .int16(1)
      .array([TOPIC], (topic) => body.string(topic))
      .int32(0),
  )
const memberAssignment = () =>
  inner((body) =>
    body
      .int16(1)
      .array([TOPIC], (topic) => void body.string(topic).int32s([0]))
      .int32(0),
  )

/** What is used of a socket. An answer inside `write` would break kafkajs, so it comes in the next microtask. */
class MemorySocket extends EventEmitter {
  readonly #broker: MemoryBroker
  #ended = false

  constructor(broker: MemoryBroker) {
    super()
    this.#broker = broker
  }

  write(requests: Buffer): boolean {
    let rest = requests
    while (rest.length > 0) {
      const end = 4 + rest.readInt32BE(0)
      this.#broker.answer(this, rest.subarray(0, end))
      rest = rest.subarray(end)
    }
    return true
  }

  later(answer: Buffer): void {
    queueMicrotask(() => this.emit('data', answer))
  }

  end(): this {
    // kafkajs ends it again when it has ended.
    if (this.#ended) return this
    this.#ended = true
    queueMicrotask(() => {
      this.emit('end')
      this.emit('close')
    })
    return this
  }

  destroy(): this {
    return this.end()
  }

  setKeepAlive(): this {
    return this
  }

  setTimeout(): this {
    return this
  }

  ref(): this {
    return this
  }

  unref(): this {
    return this
  }
}
