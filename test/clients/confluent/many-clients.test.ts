import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { createMskIamSasl } from '../../../src/index.ts'
import { outcomes, start } from '../support.ts'
import { kafkaOf } from './kafka.ts'

/** More than libuv has threads. */
const CLIENTS = 8

// Each client holds a thread while it waits for its token. Without the token made before they start, all threads are
// held, none is left to read the credentials with, and all of them fail after 30 s.
test('many clients connect at once, where a token is made before', async ({ onTestFinished }) => {
  const { sandbox } = await start({ brokers: 1 })
  const credentials = async () => {
    await readFile(new URL(import.meta.url)) // as a profile or a web identity token is read
    return sandbox.credentials
  }
  const sasl = createMskIamSasl({ region: sandbox.region, credentials })
  onTestFinished(() => sasl.close())
  await sasl.oauthBearerProvider()
  const producers = Array.from({ length: CLIENTS }, () => kafkaOf(sandbox, sasl).producer())
  await Promise.all(producers.map((producer) => producer.connect()))
  await Promise.all(producers.map((producer) => producer.disconnect()))
  expect(outcomes(sandbox)).toEqual(['sandbox: accepted'])
})
