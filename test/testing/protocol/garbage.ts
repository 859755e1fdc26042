/** Random and mutated requests, from a seed: the same seed makes the same. */
import * as net from 'node:net'
import { CompressionTypes, type KafkaConfig } from 'kafkajs'
import { int16, int32, producerOf, start } from './support.ts'

export interface Random {
  /** 0 to below the limit. */
  below(limit: number): number
  bytes(length: number): Buffer
  pick<T>(items: readonly T[]): T
}

/** mulberry32 */
export function randomOf(seed: number): Random {
  let state = seed
  const below = (limit: number) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit)
  }
  return {
    below,
    bytes: (length) => Buffer.from(Array.from({ length }, () => below(256))),
    pick: (items) => items[below(items.length)] as (typeof items)[number],
  }
}

/** What kafkajs sends to connect, to authenticate, and to publish to the topic `garbage`: whole frames. */
export async function recordedFrames(): Promise<Buffer[]> {
  const frames: Buffer[] = []
  const socketFactory: KafkaConfig['socketFactory'] = ({ host, port, onConnect }) => {
    const socket = net.connect({ host, port }, onConnect)
    const write = socket.write.bind(socket)
    return Object.assign(socket, {
      write: (frame: Buffer) => {
        frames.push(Buffer.from(frame))
        return write(frame)
      },
    })
  }
  await using started = await start({ config: { socketFactory } })
  for (const idempotent of [false, true]) {
    await using producer = await producerOf(started.kafka, { idempotent })
    for (const compression of [CompressionTypes.None, CompressionTypes.GZIP]) {
      await producer.send({ topic: 'garbage', messages: [{ key: 'k', value: 'tea' }], compression })
    }
  }
  return frames
}

export interface Garbage {
  readonly frames: number
  readonly bytes: Buffer
  /** Whether every frame is as long as it says, so that a broker waits for nothing more. */
  readonly whole: boolean
}

/**
 * What one client sends. Before it has authenticated, the first bad frame ends the connection. After that single changed
 * bytes mostly do not: half of the connections keep to them, and live to send many.
 */
export function garbageOf(random: Random, recorded: readonly Buffer[], authenticated: boolean): Garbage {
  const gentle = authenticated && random.below(2) > 0
  const frames = Array.from({ length: 1 + random.below(gentle ? 50 : 5) }, () =>
    prefixed(gentle ? mutated(random, random.pick(recorded).subarray(4), 1) : contentOf(random, recorded)),
  )
  const whole = random.below(8) > 0
  if (!whole) frames.push(random.bytes(random.below(64)))
  return { frames: frames.length, bytes: Buffer.concat(frames), whole }
}

const prefixed = (content: Buffer): Buffer => Buffer.concat([int32(content.length), content])

const API_KEYS = [0, 1, 3, 10, 17, 18, 22, 36, 99]

/** A frame without its length. */
function contentOf(random: Random, recorded: readonly Buffer[]): Buffer {
  const one = () => random.pick(recorded).subarray(4)
  switch (random.below(8)) {
    case 0: {
      const header = [int16(random.pick(API_KEYS)), int16(random.below(16) - 1), int32(1), int16(-1)]
      return Buffer.concat([...header, random.bytes(random.below(100))])
    }
    case 1:
      return random.bytes(random.below(40))
    case 2:
      return one().subarray(0, random.below(one().length))
    case 3:
      return spliced(random, one(), one())
    default:
      return mutated(random, one(), 1 + random.below(4))
  }
}

function mutated(random: Random, frame: Buffer, times: number): Buffer {
  const copy = Buffer.from(frame)
  for (let left = times; left > 0; left -= 1) copy[random.below(copy.length)] = random.below(256)
  return copy
}

function spliced(random: Random, one: Buffer, other: Buffer): Buffer {
  return Buffer.concat([
    one.subarray(0, random.below(one.length)),
    other.subarray(random.below(other.length)),
  ])
}

/** The same bytes in one to four pieces. */
export function pieces(random: Random, bytes: Buffer): Buffer[] {
  const cuts = Array.from({ length: random.below(4) }, () => random.below(bytes.length + 1)).sort(
    (a, b) => a - b,
  )
  return [...cuts, bytes.length].map((end, at) => bytes.subarray(at === 0 ? 0 : cuts[at - 1], end))
}
