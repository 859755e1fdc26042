import { describe, expect, it } from 'vitest'
import { type Difference, differences } from './compare.ts'
import { drive, kindOf } from './drive.ts'
import { INTENDED } from './intended.ts'
import type { RunRecord } from './record.ts'

/** A short run of what `npm run differential` does with 10,000. */
describe('the same program through a kafkajs client and through the same one wrapped', () => {
  it('is the same, but for what we make different on purpose', { timeout: 120_000 }, async () => {
    const report = await drive({ seed: 42, programs: 60, lanes: 1 })

    expect(
      report.found.map(({ seed, contender, differences: [first] }) => [
        seed,
        contender,
        first && kindOf(first),
      ]),
    ).toEqual([])
    expect(report.broken).toEqual([])
    expect(report.programs).toBe(60)
    // Else nearly nothing would have been compared.
    expect(report.compared.none).toBeGreaterThan(50)
  })
})

describe('what is compared', () => {
  const empty: RunRecord = {
    steps: [],
    callbacks: [],
    events: {},
    logs: [],
    stored: {},
    authentications: [],
    unsupported: [],
    uncaught: [],
    open: { sockets: 0, timers: [] },
  }
  const step = (outcome: RunRecord['steps'][number]['outcome']): RunRecord => ({
    ...empty,
    steps: [{ step: 'call client.send', outcome }],
  })
  const kinds = (bare: RunRecord, other: RunRecord) => differences(bare, other, 'of calls').map(kindOf)

  it('names the step and the field of an error that is another', () => {
    const bare = step({ rejected: { name: 'KafkaJSError', message: 'Closed connection' } })
    const other = step({ rejected: { name: 'KafkaJSError', message: 'Connection closed' } })

    expect(kinds(bare, other)).toEqual([
      'steps › call client.send › outcome › rejected › message: "Closed connection" → "Connection closed"',
    ])
  })

  it('finds an error that is thrown where it was a rejection', () => {
    expect(kinds(step({ rejected: { name: 'E' } }), step({ threw: { name: 'E' } }))).toEqual([
      'steps › call client.send › outcome › rejected: {"name":"E"} → nothing',
      'steps › call client.send › outcome › threw: nothing → {"name":"E"}',
    ])
  })

  it('finds a message that is stored twice, an order that is another, and a socket that is left open', () => {
    const [one, two] = [{ value: 'one' }, { value: 'two' }]
    const stored = (...messages: object[]) => ({ ...empty, stored: { 'orders 0': messages as never } })

    expect(kinds(stored(one), stored(one, one))).toEqual(['stored › orders #: nothing → {"value":"one"}'])
    expect(kinds(stored(one, two), stored(two, one))).toEqual([
      'stored › orders # › value: "one" → "two"',
      'stored › orders # › value: "two" → "one"',
    ])
    expect(kinds(empty, { ...empty, open: { sockets: 1, timers: [] } })).toEqual(['open › sockets: # → #'])
  })
})

describe('what is different on purpose', () => {
  const wrapped = { client: 'wrapped', connection: 'ours', sdk: 'real' } as const
  const intended = (
    difference: Difference,
    compared: typeof wrapped | { client: 'wrapped'; connection: 'ours'; sdk: 'none' },
  ) => INTENDED.some(({ is }) => is(difference, compared))
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  const stored = ['stored', 'orders 0', '0', 'headers', '0']

  it('is our header, where there is an SDK', () => {
    const added = { path: stored, bare: undefined, other: `traceparent: <bytes ${traceparent}>` }

    expect(intended(added, wrapped)).toBe(true)
    expect(intended(added, { ...wrapped, sdk: 'none' })).toBe(false)
  })

  it("is no header of another name, and not what becomes of the caller's valid context", () => {
    expect(intended({ path: stored, bare: undefined, other: 'written: <bytes x>' }, wrapped)).toBe(false)
    expect(
      intended(
        { path: stored, bare: `traceparent: <bytes ${traceparent}>`, other: 'traceparent: <bytes x>' },
        wrapped,
      ),
    ).toBe(false)
  })
})
