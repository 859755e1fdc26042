import { expect, test } from 'vitest'
import { admitted, enterGate, throttled } from '../../src/kafkajs/throttle-gate.ts'
import { fakeRuntime, settle } from '../support/fake-runtime.ts'

test('a broker that throttles is asked by one at a time, in order, also when it is slow', async () => {
  const runtime = fakeRuntime()
  throttled('gate-1', runtime)
  const inside: number[] = []
  let most = 0
  const order: number[] = []
  const caller = async (number: number) => {
    const leave = await enterGate('gate-1', runtime)
    order.push(number)
    inside.push(number)
    most = Math.max(most, inside.length)
    await new Promise<void>((resolve) => runtime.after(400, resolve))
    inside.pop()
    leave()
  }
  const callers = Promise.allSettled(Array.from({ length: 40 }, (_, number) => caller(number)))
  await runtime.advance(60_000)
  const outcomes = await callers
  expect(most).toBe(1)
  expect(order).toEqual([...order].sort((a, b) => a - b))
  // Whoever does not come in within 8 s is told, and lets kafkajs try again.
  const told = outcomes.filter(({ status }) => status === 'rejected')
  expect(told).toHaveLength(40 - order.length)
  expect(told[0]).toMatchObject({ reason: { code: 'too_many_connects', retriable: true } })
  expect(order.length).toBeGreaterThanOrEqual(18)
})

test('an exchange that never ends holds up the next for a second, not for ever', async () => {
  const runtime = fakeRuntime()
  runtime.dice = 0
  throttled('gate-2', runtime)
  await enterGate('gate-2', runtime)
  let entered = false
  const next = enterGate('gate-2', runtime).then(() => {
    entered = true
  })
  await runtime.advance(999)
  expect(entered).toBe(false)
  await runtime.advance(1)
  await next
  expect(entered).toBe(true)
})

test('a gate opens again when exchanges succeed', async () => {
  const runtime = fakeRuntime()
  throttled('gate-3', runtime)
  admitted('gate-3')
  await Promise.all(Array.from({ length: 5 }, () => enterGate('gate-3', runtime)))
  await settle()
  expect(runtime.timers).toBe(0)
})
