import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { RequestFault } from '../../../src/testing/protocol/broker.ts'
import { int16, int32, RawClient, start } from './support.ts'

const HANDSHAKE = Buffer.concat([
  int32(23),
  int32(1701),
  int16(0),
  int32(1),
  int16(11),
  Buffer.from('OAUTHBEARER'),
])

/** What arrives of the answer to a SaslHandshake, and how it ends; `open` where the connection stays. */
async function received(afterBytes: number, ending: 'hang' | 'close' | 'reset') {
  const fault: RequestFault = { kind: 'cut', afterBytes, ending }
  await using started = await start({
    onRequest: ({ apiName }) => (apiName === 'SaslHandshake' ? fault : undefined),
  })
  using client = new RawClient(started.broker.port)
  const bytes: Buffer[] = []
  let end = 'open'
  client.socket.on('data', (chunk: Buffer) => bytes.push(chunk))
  client.socket.on('end', () => (end = 'close'))
  client.socket.on('error', (error: NodeJS.ErrnoException) => (end = error.code ?? ''))
  client.handshake()
  const length = () => Buffer.concat(bytes).length
  await expect.poll(length).toBe(Math.min(afterBytes, HANDSHAKE.length - 1))
  await (ending === 'hang' ? sleep(50) : client.closed)
  return { bytes: Buffer.concat(bytes), end }
}

test.each([
  ['hang', 'open'],
  ['close', 'close'],
  ['reset', 'ECONNRESET'],
] as const)('so many bytes of an answer, and then %s', async (ending, end) => {
  expect(await received(6, ending)).toEqual({ bytes: HANDSHAKE.subarray(0, 6), end })
})

test('never all of it', async () => {
  expect(await received(1_000, 'close')).toEqual({ bytes: HANDSHAKE.subarray(0, -1), end: 'close' })
})
