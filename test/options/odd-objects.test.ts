import { describe, expect, test, vi } from 'vitest'
import { createMskIamSasl, KafkaPublisher, type MskIamSaslOptions } from '../../src/index.ts'
import { checkedPublisherOptions } from '../../src/publisher/publisher-options.ts'
import { checkedSaslOptions } from '../../src/sasl/sasl-options.ts'
import { deepFreeze } from '../support/deep-freeze.ts'

const regionOf = (options: unknown) => checkedSaslOptions(options).identity.region
const keys = { accessKeyId: 'AKIAORDERS0000000001', secretAccessKey: 'not-a-secret' }

describe('options may be', () => {
  class Config {
    #region = 'eu-west-1'
    get region() {
      return this.#region
    }
    describe() {
      return `MSK in ${this.region}`
    }
  }
  const bare = Object.assign(Object.create(null), { region: 'eu-west-1' })

  test.each([
    ['an instance of a class, with getters and methods', new Config()],
    ['an object without a prototype', bare],
    ['frozen', deepFreeze({ region: 'eu-west-1' })],
    ['a Proxy', new Proxy({ region: 'eu-west-1' }, {})],
    ['an object that inherits from other options', Object.create({ region: 'eu-west-1' })],
  ])('%s', (_, options) => {
    expect(regionOf(options)).toBe('eu-west-1')
  })
})

describe('what throws when it is read is told by name', () => {
  const thrown = new Error('no vault: hunter2')
  const throwing = () => {
    throw thrown
  }
  test.each([
    ['a getter', Object.defineProperty({ region: 'eu-west-1' }, 'name', { get: throwing }), '`name` is'],
    ['a Proxy without a list of names', new Proxy({}, { ownKeys: throwing }), 'the options are'],
    [
      'a getter of a credential',
      { region: 'eu-west-1', credentials: Object.defineProperty({}, 'accessKeyId', { get: throwing }) },
      '`credentials` is',
    ],
    [
      'a getter of a signer',
      { region: 'eu-west-1', signer: Object.defineProperty({}, 'generateAuthToken', { get: throwing }) },
      '`signer` is',
    ],
  ])('%s', (_, options, says) => {
    const given = () => createMskIamSasl(options as MskIamSaslOptions)
    expect(given).toThrow(`createMskIamSasl: ${says} something that throws when it is read.`)
    expect(given).not.toThrow('hunter2')
    expect(given).toThrow(expect.objectContaining({ code: 'invalid_option', original: thrown }))
  })

  test('a revoked Proxy', () => {
    const { proxy, revoke } = Proxy.revocable<string[]>([], {})
    revoke()
    const given = () => new KafkaPublisher({ brokers: proxy })
    expect(given).toThrow('KafkaPublisher: `brokers` is something that throws when it is read.')
  })
})

test('each option is read once', () => {
  const reads: (string | symbol)[] = []
  const get = (target: object, name: string | symbol) => {
    reads.push(name)
    return Reflect.get(target, name)
  }
  checkedPublisherOptions(new Proxy({ brokers: ['b-1:9098'], clientId: 'orders' }, { get }) as never)
  expect(reads.filter((name) => name === 'clientId')).toEqual(['clientId'])
  expect(reads).toHaveLength(new Set(reads).size)
})

describe('what the caller changes afterwards changes nothing', () => {
  test('in the options of a publisher', () => {
    const onConnect = vi.fn()
    const given = {
      brokers: ['b-1:9098'],
      validateTopicsOnConnect: ['orders'],
      hooks: { onConnect },
      kafka: { logLevel: 0 },
      ssl: { ca: 'pem' },
    }
    const checked = checkedPublisherOptions(given)
    given.brokers.push('evil:9098')
    given.validateTopicsOnConnect.length = 0
    given.hooks.onConnect = vi.fn()
    given.kafka.logLevel = 5
    given.ssl.ca = 'other'
    expect(checked.client).toEqual({
      brokers: ['b-1:9098'],
      clientId: 'kafka-iam-otel',
      logLevel: 0,
      ssl: { ca: 'pem' },
    })
    expect(checked.validateTopicsOnConnect).toEqual(['orders'])
    void checked.hooks.onConnect?.()
    expect(onConnect).toHaveBeenCalledOnce()
  })

  test('in credentials', async () => {
    const credentials = { ...keys }
    const { identity } = checkedSaslOptions({ region: 'eu-west-1', credentials })
    credentials.secretAccessKey = 'changed'
    expect(await identity.credentials?.ask({ forceRefresh: false })).toEqual(keys)
  })
})

test('kafkajs writes into its own copy of a SASL block, so a frozen one will do', () => {
  const sasl = deepFreeze({ mechanism: 'plain', username: 'orders', password: 'not-a-secret' })
  const { client } = checkedPublisherOptions({ brokers: ['b-1:9098'], sasl })
  expect(Object.isFrozen((client as { sasl: object }).sasl)).toBe(false)
})

test('hooks may be the methods of a class, which are called on it and may have state beside them', async () => {
  class Counter {
    connects = 0
    onConnect() {
      this.connects += 1
    }
  }
  const hooks = new Counter()
  const checked = checkedPublisherOptions({ brokers: ['b-1:9098'], hooks })
  await checked.hooks.onConnect?.()
  expect(hooks.connects).toBe(1)
})

describe('a name that there is not', () => {
  const given = (options: object) => () => createMskIamSasl({ region: 'eu-west-1', ...options })

  test.each([
    ['awsRolearn', 'Did you mean `awsRoleArn`?'],
    ['refreshAhead', 'Did you mean `refreshAheadMs`?'],
    ['profile', 'The options are region,'],
    ['ssl', '`createMskIamConnection` takes it.'],
    ['connectionTimeout', 'It is an option of the Kafka client: give it there, beside `sasl`.'],
  ])('%s, also where its value is undefined', (name, says) => {
    expect(given({ [name]: undefined })).toThrow(`there is no option \`${name}\`. ${says}`)
  })

  test('is found in options that are inherited, too', () => {
    const options = Object.create({ awsRolearn: 'x' }, { region: { value: 'eu-west-1', enumerable: true } })
    expect(() => createMskIamSasl(options)).toThrow('there is no option `awsRolearn`')
  })

  test('is not looked for on Object.prototype, where somebody may have put it', () => {
    const prototype = Object.prototype as { polluted?: number }
    prototype.polluted = 1
    let problem: unknown
    try {
      given({})()
    } catch (error) {
      problem = error
    } finally {
      delete prototype.polluted
    }
    expect(problem).toBeUndefined()
  })

  test('is not repeated where it is no name', () => {
    expect(given({ 'hunter2 \n': 1 })).toThrow('there is no option of that name.')
    expect(given({ wJalrXUtnFEMIK7MDENGbPxRfiCYEXAMPLEKEY: 1 })).toThrow('there is no option `[redacted]`.')
  })

  test.each([
    ['clientId', 'clientId'],
    ['brokers', 'brokers'],
    ['requestTimeout', 'requestTimeoutMs'],
    ['connectionTimeout', 'connectionTimeout'],
    ['sasl', 'sasl'],
  ])('`kafka.%s` belongs beside `kafka`', (name, own) => {
    const publisher = () => new KafkaPublisher({ brokers: ['b-1:9098'], kafka: { [name]: 5 } })
    expect(publisher).toThrow(`KafkaPublisher: \`${name}\` is in \`kafka\`. Give \`${own}\` beside \`kafka\``)
  })
})
