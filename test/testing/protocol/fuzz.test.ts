import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import type { Kafka } from 'kafkajs'
import { expect, test } from 'vitest'
import { type Garbage, garbageOf, pieces, type Random, randomOf, recordedFrames } from './garbage.ts'
import { producerOf, RawClient, type Started, start } from './support.ts'

const FRAMES = 100_000
/** Of clients at a time. */
const CLIENTS = 200
const HANG_MS = 10_000
/** Every message and topic that garbage makes is kept; connections and half frames may not be. */
const GROWTH_BYTES = 16 * 1024 * 1024

type Stage = 'connected' | 'handshaken' | 'authenticated'

/** Sends garbage and then one good request: true where that was answered, false where the connection was closed. */
async function survives(port: number, stage: Stage, garbage: Garbage, random: Random): Promise<boolean> {
  using client = new RawClient(port)
  const hung = setTimeout(() => client.socket.destroy(new Error('hung')), HANG_MS)
  let hangs = false
  client.socket.on('error', ({ message }) => {
    hangs ||= message === 'hung'
  })
  if (stage !== 'connected') {
    client.handshake()
    await client.answer()
  }
  if (stage === 'authenticated') {
    client.authenticate('alice')
    await client.answer()
  }
  for (const piece of pieces(random, garbage.bytes)) {
    client.socket.write(piece)
    await turn()
  }
  // Whatever came before, a SaslHandshake is answered, or the connection closed.
  if (garbage.whole) client.handshake()
  const answered = garbage.whole && (await answersHandshake(client))
  client.socket.end()
  await client.closed
  clearTimeout(hung)
  if (hangs) throw new Error('neither answered nor closed')
  return answered
}

async function answersHandshake(client: RawClient): Promise<boolean> {
  for (;;) {
    const answer = await client.answer()
    if (answer === undefined) return false
    if (answer.length >= 4 && answer.readInt32BE(0) === 1701) return true
  }
}

/** Throws so many frames, and counts what became of them. */
async function fuzz(started: Started, seed: number, frames: number) {
  const recorded = await recordedFrames()
  const sent = { frames: 0, connections: 0, answered: 0 }
  const throwSome = async () => {
    while (sent.frames < frames) {
      sent.connections += 1
      const connection = sent.connections
      // A generator for each connection: which of them comes first makes no difference.
      const random = randomOf(seed + connection * 7_919)
      const stage = random.pick<Stage>(['connected', 'handshaken', 'authenticated', 'authenticated'])
      const garbage = garbageOf(random, recorded, stage === 'authenticated')
      sent.frames += garbage.frames
      const where = `seed ${seed}, connection ${connection}, ${stage}: ${garbage.bytes.toString('hex')}`
      const answered = await survives(started.broker.port, stage, garbage, random).catch((error) => {
        throw new Error(`${where}: ${error.message}`)
      })
      if (answered) sent.answered += 1
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, throwSome))
  return sent
}

function usedAfterCollection(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

/** FUZZ_SEED=… runs one again. */
const seed = Number(process.env['FUZZ_SEED'] ?? Date.now() % 1_000_000)

/** Publishes until it is told to stop; the values that were acknowledged. */
function neighbour(kafka: Kafka) {
  const stop = new AbortController()
  const publish = async () => {
    const acknowledged: string[] = []
    await using producer = await producerOf(kafka, { idempotent: true })
    while (!stop.signal.aborted) {
      const value = `${acknowledged.length}`
      await producer.send({ topic: 'neighbour', messages: [{ value }] })
      acknowledged.push(value)
      // Leaves the processor to the garbage.
      await sleep(5)
    }
    return acknowledged
  }
  const publishing = publish()
  return () => {
    stop.abort()
    return publishing
  }
}

test(`100 000 random and mutated frames (FUZZ_SEED=${seed}) crash nothing, hang nothing, harm nobody else`, {
  timeout: 120_000,
}, async () => {
  let read = 0
  const errors: unknown[] = []
  await using started = await start({
    onError: (error) => errors.push(error),
    onRequest: () => {
      read += 1
      return undefined
    },
  })
  started.cluster.createTopic('garbage')
  const stop = neighbour(started.kafka)
  await fuzz(started, seed + 1, FRAMES / 10)
  const before = usedAfterCollection()
  const sent = await fuzz(started, seed, FRAMES)
  const acknowledged = await stop()
  const growth = usedAfterCollection() - before

  expect(sent.frames).toBeGreaterThanOrEqual(FRAMES)
  // Not all of it was cut off at the first frame, nor was every connection.
  expect(read - acknowledged.length).toBeGreaterThan(FRAMES / 5)
  expect(sent.answered).toBeGreaterThan(100)
  expect(errors).toEqual([])
  expect(acknowledged.length).toBeGreaterThan(100)
  expect(started.published('neighbour').map(({ value }) => value)).toEqual(acknowledged)
  await expect.poll(() => started.broker.openConnections).toBe(0)
  expect(growth).toBeLessThan(GROWTH_BYTES)
})
