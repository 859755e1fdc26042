import { expect, test } from 'vitest'
import { createMskIamSasl, KafkaPublisher } from '../../src/index.ts'
import { startSandbox } from '../../src/testing/index.ts'

const keys = { accessKeyId: 'AKIAORDERS0000000001', secretAccessKey: 'not-a-secret' }

const tokenOf = async (credentials: unknown) => {
  const sasl = createMskIamSasl({ region: 'eu-west-1', credentials: credentials as never })
  try {
    return await sasl.oauthBearerProvider()
  } finally {
    sasl.close()
  }
}

test.each([
  [undefined, 'undefined'],
  [null, 'null'],
  ['AKIA:secret', 'a string'],
  [{}, 'an object whose `accessKeyId` is undefined'],
  [{ accessKeyId: 'AKIAORDERS0000000001' }, 'an object whose `secretAccessKey` is undefined'],
  [
    { ...keys, secretAccessKey: 'hunter2\n' },
    'an object whose `secretAccessKey` is a string with a space or a line',
  ],
  [{ ...keys, sessionToken: 5 }, 'an object whose `sessionToken` is 5'],
  [{ ...keys, expiration: 'soon' }, 'an object whose `expiration` is no date'],
  [{ ...keys, expiration: '5' }, 'an object whose `expiration` is no date'],
  [{ ...keys, expiration: new Date(Number.NaN) }, 'an object whose `expiration` is no date'],
  [{ ...keys, expiration: 1_790_000_000 }, 'an object whose `expiration` is no date'],
])(
  'credentials that a function returns and that are none are told by its name: %j',
  async (returned, says) => {
    const token = tokenOf(async () => returned)
    await expect(token).rejects.toThrow(`createMskIamSasl: \`credentials()\` returned ${says}`)
    await expect(token).rejects.toMatchObject({ failure: { code: 'invalid_option' }, retriable: false })
    await expect(token).rejects.not.toThrow('hunter2')
  },
)

test.each([
  ['keys', keys],
  ['an end as text, as JSON has it', { ...keys, expiration: new Date(Date.now() + 3_600_000).toISOString() }],
  ['null for what there is not', { ...keys, sessionToken: null, expiration: null }],
  ['an empty session token, from the environment', { ...keys, sessionToken: '' }],
])('credentials that a function returns: %s', async (_, returned) => {
  expect(await tokenOf(() => returned)).toMatchObject({ principal: 'eventferry' })
})

test.each([
  [undefined, 'undefined'],
  ['', 'an empty string'],
  [5, '5'],
  [{}, 'an object'],
])('a transactional id that a function returns and that is none: %j', async (returned, says) => {
  await using sandbox = await startSandbox()
  const { region, credentials, brokers } = sandbox
  const sasl = createMskIamSasl({ region, credentials })
  const transactionalId = () => returned as string
  const publisher = new KafkaPublisher({ brokers, ssl: false, sasl, kafka: { logLevel: 0 }, transactionalId })
  await expect(publisher.connect()).rejects.toMatchObject({
    code: 'invalid_option',
    message: expect.stringContaining(
      `KafkaPublisher: \`transactionalId()\` returned ${says}. It has to return a text`,
    ),
  })
  sasl.close()
})

test.each([
  ['transactionalId', (never: () => Promise<never>) => ({ transactionalId: never })],
  ['brokers', (never: () => Promise<never>) => ({ brokers: never })],
])('a function that never answers holds up neither connect nor disconnect: %s', async (name, options) => {
  await using sandbox = await startSandbox()
  const { region, credentials, brokers } = sandbox
  const sasl = createMskIamSasl({ region, credentials })
  const never = () => new Promise<never>(() => undefined)
  const kafka = { logLevel: 0, retry: { retries: 0 } }
  const settings = { brokers, ssl: false, sasl, kafka, requestTimeoutMs: 50, ...options(never) }
  const publisher = new KafkaPublisher(settings)
  const connecting = publisher.connect()
  const disconnected = publisher.disconnect()
  await expect(connecting).rejects.toMatchObject({
    failure: { code: 'callback_timeout' },
    message: expect.stringContaining(`KafkaPublisher: \`${name}()\` has not answered within 50 ms`),
  })
  await disconnected
  sasl.close()
})
