import { expect, test } from 'vitest'
import { outcomes, start } from '../support.ts'
import { kafkaOf } from './kafka.ts'

/** librdkafka's 30 s for the first metadata; the kafkajs-style API has no option for it. */
const UNTIL_CONNECT_FAILS_MS = 30_000
const timeout = 3 * UNTIL_CONNECT_FAILS_MS

test.concurrent("a refused token is offered again and again; the broker's words are only logged, and connect() fails in the end", {
  timeout,
}, async ({ onTestFinished }) => {
  const { sandbox, sasl } = await start({ brokers: 1 }, { secretAccessKey: 'another' }, onTestFinished)
  const said: string[] = []
  const producer = kafkaOf(sandbox, sasl, said).producer()
  await expect(producer.connect()).rejects.toMatchObject({
    name: 'KafkaJSConnectionError',
    type: 'ERR__TRANSPORT',
    message: 'broker transport failure',
  })
  expect(said[0]).toMatch(/SASL authentication error: \[[0-9a-f-]{36}\]: Invalid authentication payload/)
  expect(sandbox.authentications.length).toBeGreaterThan(1)
  expect(outcomes(sandbox)).toEqual(['undefined: Invalid authentication payload'])
  // It has asked us for one token, and does not tell us that it was refused.
  expect(sasl.inspect()).toMatchObject({ requests: { miss: 1, hit: 0 }, consecutiveFailures: 0 })
})

test.concurrent('without a token connect() fails in the end, with our code and words', { timeout }, async ({
  onTestFinished,
}) => {
  const { sandbox, sasl } = await start({ brokers: 1 }, {}, onTestFinished)
  sasl.close()
  const said: string[] = []
  const producer = kafkaOf(sandbox, sasl, said).producer()
  const message = expect.stringMatching(
    /^oauthbearer_token_refresh_cb: The token provider has been closed\..* \[provider_closed\]$/,
  )
  await expect(producer.connect()).rejects.toMatchObject({ code: 'provider_closed', message })
  expect(said[0]).toContain('The token provider has been closed')
  expect(sandbox.authentications).toEqual([])
})
