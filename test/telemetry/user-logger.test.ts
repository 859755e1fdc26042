import { describe, expect, test } from 'vitest'
import { createMskIamSasl } from '../../src/index.ts'

/** What a service's own logger may do when kafkajs hands it on. */
const loggers: Record<string, unknown> = {
  throws: {
    error: () => {
      throw new Error('disk full')
    },
  },
  'throws undefined': {
    error: () => {
      throw undefined
    },
  },
  rejects: { error: () => Promise.reject(new Error('disk full')) },
  'never answers': { error: () => new Promise(() => undefined) },
  'has no `error`': {},
  'is not there': undefined,
  'throws when it is touched': new Proxy(
    {},
    {
      get: () => {
        throw new Error('touched')
      },
    },
  ),
}

describe.each(Object.entries(loggers))('a logger that %s', (_, logger) => {
  test('changes nothing for an authentication that breaks', async () => {
    const sasl = createMskIamSasl({
      region: 'eu-west-1',
      signer: { generateAuthToken: async () => ({ token: 'token', expiryTime: Date.now() + 900_000 }) },
    })
    const error = Object.assign(new Error('Closed connection'), { name: 'KafkaJSConnectionClosedError' })
    const { authenticate } = sasl.authenticationProvider({
      host: 'b-1',
      port: 9098,
      logger: logger as { error(message: string): void },
      saslAuthenticate: () => Promise.reject(error),
    })
    await expect(authenticate()).rejects.toBe(error)
    sasl.close()
  })
})
