import { describe, expect, test } from 'vitest'
import { type Fault, Faults } from '../../src/testing/faults.ts'

/** Faults of two brokers, under a clock that is held. */
function held() {
  const clock = { now: 1_000 }
  return { clock, faults: new Faults(2, () => clock.now) }
}

const produce = { apiName: 'Produce', broker: 0, principal: 'orders' }
const authentication = { apiName: 'SaslAuthenticate', broker: 0, principal: 'orders' }
const struck = (faults: Faults, times: number, request = produce) =>
  Array.from({ length: times }, () => faults.strike(request) !== undefined)

describe('a fault strikes', () => {
  test('by call: it lets the first so many go, and strikes so many times', () => {
    const { faults } = held()
    const fault = faults.add({ on: 'Produce', errorCode: 6, after: 2, times: 2 })
    expect(struck(faults, 6)).toEqual([false, false, true, true, false, false])
    expect(fault.struck).toBe(2)
  })

  test('by time: for so long', () => {
    const { faults, clock } = held()
    faults.add({ on: 'Produce', errorCode: 6, forMs: 500 })
    clock.now += 499
    expect(struck(faults, 1)).toEqual([true])
    clock.now += 1
    expect(struck(faults, 1)).toEqual([false])
  })

  test('at one broker, for one principal, at one request', () => {
    const { faults } = held()
    const fault = faults.add({ on: 'Produce', errorCode: 6, broker: 1, principal: 'orders' })
    for (const broker of [0, 1])
      for (const principal of ['orders', 'audit', undefined])
        for (const apiName of ['Produce', 'Metadata']) faults.strike({ apiName, broker, principal })
    expect(fault.struck).toBe(1)
  })

  test('more than so many in any one second, at each broker', () => {
    const { faults, clock } = held()
    faults.add({ throttle: 2 })
    expect(struck(faults, 3, authentication)).toEqual([false, false, true])
    expect(struck(faults, 3, { ...authentication, broker: 1 })).toEqual([false, false, true])
    clock.now += 999
    expect(struck(faults, 1, authentication)).toEqual([true])
    clock.now += 1
    expect(struck(faults, 3, authentication)).toEqual([false, false, true])
  })

  test('where several fit, the first that does; until they are removed', () => {
    const { faults } = held()
    const first = faults.add({ on: 'Produce', errorCode: 6, after: 1 })
    const second = faults.add({ on: 'Produce', errorCode: 7 })
    const codes = () => struck(faults, 1) && [first.struck, second.struck]
    expect([codes(), codes()]).toEqual([
      [0, 1],
      [1, 1],
    ])
    first.remove()
    expect(codes()).toEqual([1, 2])
    faults.clear()
    expect(codes()).toEqual([1, 2])
  })
})

test.each<[object, string]>([
  [{}, 'nothing goes wrong. Give one of refuse, throttle, expireAfterMs, delayMs, errorCode, connection'],
  [{ on: 'Produce', times: 1 }, 'nothing goes wrong. Give one of refuse'],
  [{ refuse: 'no', delayMs: 5 }, '`refuse` and `delayMs` are two faults. Add one after the other.'],
  [{ dealyMs: 5 }, 'there is no option `dealyMs`. Did you mean `delayMs`? The options are refuse, throttle,'],
  [{ toString: 5 }, 'there is no option `toString`. The options are refuse,'],
  [{ delayMs: 5, on: 'Prodcue' }, "`on` is a string. It takes 'Produce', 'Fetch',"],
  [{ delayMs: 0 }, '`delayMs` is 0. It takes milliseconds from 1 to 2147483647'],
  [{ delayMs: 2 ** 31 }, '`delayMs` is 2147483648. It takes milliseconds'],
  [{ delayMs: '5' }, '`delayMs` is a string. It takes milliseconds'],
  [{ delayMs: undefined }, 'nothing goes wrong. Give one of refuse'],
  [{ delayMs: 5, forMs: Number.NaN }, '`forMs` is NaN. It takes milliseconds'],
  [{ delayMs: 5, times: 0 }, '`times` is 0. It takes a whole number from 1 on'],
  [{ delayMs: 5, after: -1 }, '`after` is -1. It takes a whole number from 0 on'],
  [{ delayMs: 5, broker: 2 }, '`broker` is 2. It takes a whole number from 0 to 1'],
  [{ delayMs: 5, principal: '' }, '`principal` is an empty string. It takes a text'],
  [{ refuse: 58 }, '`refuse` is 58. It takes a text'],
  [{ throttle: 0.5 }, '`throttle` is 0.5. It takes a whole number from 1 on'],
  [{ expireAfterMs: -1 }, '`expireAfterMs` is -1. It takes milliseconds'],
  [
    { on: 'Produce', errorCode: 0 },
    "`errorCode` is 0. It takes an error code of Kafka's protocol, such as 6",
  ],
  [
    { connection: 'drop' },
    "`connection` is a string. It takes 'hang', 'close', 'reset' or 'loseAcknowledgement'.",
  ],
  [{ connection: 'close', afterBytes: 0 }, '`afterBytes` is 0. It takes a whole number from 1 on'],
  [{ connection: 'loseAcknowledgement', afterBytes: 5 }, "It goes with `connection: 'close'`"],
  [{ delayMs: 5, afterBytes: 5 }, "It goes with `connection: 'close'`, `'reset'` or `'hang'`."],
  [{ refuse: 'no', on: 'Produce' }, '`refuse` is for authentications. Leave `on` out, or give `errorCode`'],
  [{ errorCode: 6 }, '`errorCode` is not for authentications. Give `refuse`, or another request in `on`'],
])('a bad fault is refused, and says what to do: %j', (fault, message) => {
  const { faults } = held()
  expect(() => faults.add(fault as Fault)).toThrow(message)
  expect(() => faults.add(fault as Fault)).toThrow('faults.add: ')
  expect(faults.strike(authentication)).toBeUndefined()
})
