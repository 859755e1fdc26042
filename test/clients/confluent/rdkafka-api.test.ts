import confluent from '@confluentinc/kafka-javascript'
import { expect, onTestFinished, test } from 'vitest'
import type { MskIamSasl } from '../../../src/index.ts'
import type { Sandbox } from '../../../src/testing/index.ts'
import { orders, ordersPublished, outcomes, published, start } from '../support.ts'

/** The node-rdkafka-style API. */
function producerOf(sandbox: Sandbox, sasl: MskIamSasl) {
  return new confluent.Producer({
    'bootstrap.servers': sandbox.brokers.join(','),
    'security.protocol': 'sasl_plaintext',
    'sasl.mechanisms': 'OAUTHBEARER',
    oauthbearer_token_refresh_cb: async () => {
      const { value, ...token } = await sasl.oauthBearerProvider()
      return { tokenValue: value, ...token }
    },
    dr_cb: true,
  })
}

/** As the callback has it: an error, or undefined. */
const connect = (producer: confluent.Producer, timeout: number) =>
  new Promise<unknown>((resolve) => producer.connect({ timeout }, (error) => resolve(error ?? undefined)))

test('authenticates with our token and publishes to every partition', async () => {
  const { sandbox, sasl } = await start()
  const producer = producerOf(sandbox, sasl)
  expect(await connect(producer, 10_000)).toBeUndefined()
  onTestFinished(() => new Promise<void>((resolve) => void producer.disconnect(() => resolve())))
  producer.setPollInBackground(true)
  for (const { partition, key, value, headers } of orders)
    producer.produce('orders', partition, Buffer.from(value), key, undefined, undefined, [headers])
  await new Promise((resolve) => producer.flush(10_000, resolve))
  expect(published(sandbox)).toEqual(ordersPublished)
  expect(outcomes(sandbox)).toEqual(['sandbox: accepted'])
  expect(sandbox.unsupported).toEqual([])
})

test("a refused token is an event.log with the broker's words; connecting fails when its time is up", async () => {
  const { sandbox, sasl } = await start({ brokers: 1 }, { secretAccessKey: 'another' })
  const producer = producerOf(sandbox, sasl)
  const said: string[] = []
  producer.on('event.log', ({ message }) => void said.push(message))
  expect(await connect(producer, 1_000)).toMatchObject({ code: confluent.CODES.ERRORS.ERR__TRANSPORT })
  expect(said[0]).toMatch(/SASL authentication error: \[[0-9a-f-]{36}\]: Invalid authentication payload/)
  expect(outcomes(sandbox)).toEqual(['undefined: Invalid authentication payload'])
})
