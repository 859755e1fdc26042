import { logLevel } from 'kafkajs'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { copyOf } from '../../src/failures/errors.ts'
import { createMskIamSasl, KafkaPublisher } from '../../src/index.ts'
import { type Sandbox, startSandbox } from '../../src/testing/index.ts'

let sandbox: Sandbox
let publisher: KafkaPublisher
beforeAll(async () => {
  sandbox = await startSandbox({ topics: { orders: 1 } })
  const sasl = createMskIamSasl({ region: sandbox.region, credentials: sandbox.credentials })
  publisher = new KafkaPublisher({
    clientId: 'orders',
    brokers: sandbox.brokers,
    ssl: false,
    sasl,
    kafka: { logLevel: logLevel.NOTHING },
  })
  await publisher.connect()
})
afterAll(async () => {
  await publisher.disconnect()
  await sandbox.close()
})

test('messages that fail with one error get an object each, of the same class and words', async () => {
  sandbox.faults.add({ on: 'Produce', errorCode: 44 })
  const results = await publisher.publish([
    { topic: 'orders', key: 'a', value: 'first' },
    { topic: 'orders', key: 'b', value: 'second' },
    { topic: 'orders', key: 'c', value: 'third' },
  ])
  const errors = results.map((result) => (result.ok ? undefined : result.error)) as Error[]
  expect(new Set(errors).size).toBe(3)
  const [first, second, third] = errors as [Error, Error, Error]
  const { message, name } = second
  expect({ ...third }).toEqual({ ...second })
  expect([third.message, third.name, third.constructor]).toEqual([message, name, second.constructor])
  first.message = 'spoilt'
  Object.assign((first as unknown as { failure: object }).failure, { hint: 'spoilt' })
  expect([second.message, second.name]).toEqual([message, name])
  expect(JSON.stringify([second, third])).not.toContain('spoilt')
})

class Refusal extends Error {
  readonly #code = 7
  get code() {
    return this.#code
  }
}

test.each([
  ['an abort of the platform', new DOMException('given up', 'AbortError'), DOMException, 20],
  ['an error of a class with private fields', new Refusal('given up'), Refusal, 7],
])('the object of its own for %s can be read like the first one', (_, error, type, code) => {
  const copy = copyOf(error)
  expect(copy).not.toBe(error)
  expect(copy).toBeInstanceOf(type)
  expect([copy.name, copy.message, copy.code]).toEqual([error.name, 'given up', code])
  Reflect.set(copy, 'message', 'spoilt')
  expect([copy.message, error.message]).toEqual(['spoilt', 'given up'])
})
