import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import {
  createMskIamConnection,
  createMskIamSasl,
  instrumentConsumer,
  instrumentKafka,
  instrumentProducer,
  instrumentPublisher,
  KafkaPublisher,
} from '../../src/index.ts'
import { startLocalSts, startSandbox } from '../../src/testing/index.ts'
import { fakeConsumer } from '../instrument/support/fake-consumer.ts'
import { type Bad, bad } from './bad-values.ts'

/** What every option refuses, whatever it takes. */
const NEVER = [null, Symbol('x'), 5n]

const region = { region: 'eu-west-1' }
const brokers = { brokers: ['b-1:9098'] }

const ofTheProvider: Readonly<Record<string, Bad>> = {
  region: [...bad.text, 'eu-west-1a', 'nowhere', 'fips-us-east-1'],
  awsProfile: bad.text,
  awsRoleArn: [...bad.text, 'orders', 'arn:aws:iam::12:role/x'],
  awsRoleSessionName: [...bad.text, 'a b', 'x'.repeat(65)],
  awsStsRegion: [...bad.text, 'aws-cn-global', 'us-east-1.evil', 'us-east-1-fips-fips'],
  credentials: ['keys', 5, true, [], {}, { accessKeyId: 'a' }, { accessKeyId: 'a', secretAccessKey: 'b\n' }],
  signer: ['signer', 5, true, {}, { generateAuthToken: 'x' }, () => undefined],
  principal: bad.text,
  refreshAheadMs: bad.milliseconds,
  minTokenLifeMs: bad.milliseconds,
  name: bad.text,
  backgroundRefresh: bad.flag,
  serverAddressOnMetrics: bad.flag,
}

const ofThePublisher: Readonly<Record<string, Bad>> = {
  brokers: ['b-1:9098', 'b-1:9098,b-2:9098', [], {}, 5, ['b-1'], [5]],
  clientId: bad.text,
  ssl: ['true', 0, 5, []],
  sasl: ['plain', true, [], {}, { mechanism: '' }],
  socketFactory: ['x', {}, true],
  connectionTimeout: [0, ...bad.milliseconds],
  authenticationTimeout: [0, ...bad.milliseconds],
  reauthenticationThreshold: bad.milliseconds,
  kafka: ['x', true, []],
  idempotent: bad.flag,
  acks: [2, -2, '1', 'all', Number.NaN, true],
  compression: ['zip', '', 1, true, {}, ['gzip']],
  requestTimeoutMs: [0, ...bad.milliseconds],
  deliveryTimeoutMs: [0, ...bad.milliseconds],
  maxInFlightMessages: [0, ...bad.wholeNumber],
  partitioner: ['murmur', '', 5, {}, true],
  transactionalId: bad.text.filter((value) => typeof value !== 'function'),
  transactional: bad.flag,
  transactionTimeoutMs: [0, ...bad.milliseconds],
  autoRecoverFromFence: bad.flag,
  validateTopicsOnConnect: ['orders', { 0: 'orders' }, [5], [''], ['.'], ['a b'], new Set(['orders']), 5],
  hooks: ['x', 5, true, [], { onPublish: 'x' }, { onPublsh: () => undefined }],
  rawKafkaJsProducerConfig: ['x', [], { retry: {} }, { metadataMaxAge: -1 }, { maxInFlightRequests: 0 }],
  perMessageSpans: bad.flag,
}

const ofTheConsumer = { trace: ['parent', '', 5, true], behindByPartition: bad.flag }
const ofTheProducer = { perMessageSpans: bad.flag }

const ofTheSandbox: Readonly<Record<string, Bad>> = {
  region: [...bad.text, 'nowhere'],
  brokers: [0, 101, ...bad.wholeNumber],
  tls: bad.flag,
  topics: ['orders', ['orders'], { orders: 0 }, { 'a b': 1 }, { orders: '3' }],
  identities: ['x', {}, [], ['x'], [{}], [{ principal: 'orders' }]],
  sessionSeconds: [0, 2_147_484, ...bad.wholeNumber],
  connectionsPerSecond: [0, ...bad.wholeNumber],
}

const ofTheSts: Readonly<Record<string, Bad>> = {
  credentialSeconds: [0, ...bad.wholeNumber],
  principals: ['x', [], { role: 5 }],
  defaultPrincipal: bad.text,
  now: [5, 'now', {}],
}

type Take = (options: object) => unknown

const sets: readonly [name: string, take: Take, needed: object, options: Readonly<Record<string, Bad>>][] = [
  ['createMskIamSasl', (options) => createMskIamSasl(options as never), region, ofTheProvider],
  [
    'createMskIamConnection',
    (options) => createMskIamConnection(options as never),
    region,
    { ...ofTheProvider, ssl: [false, 'true', 1, []], authenticationTimeout: [0, ...bad.milliseconds] },
  ],
  ['KafkaPublisher', (options) => new KafkaPublisher(options as never), brokers, ofThePublisher],
  [
    'instrumentConsumer',
    (options) => instrumentConsumer(fakeConsumer().consumer, options),
    {},
    ofTheConsumer,
  ],
  ['instrumentProducer', (options) => instrumentProducer({} as never, options), {}, ofTheProducer],
  ['instrumentPublisher', (options) => instrumentPublisher({} as never, options), {}, ofTheProducer],
  [
    'instrumentKafka',
    (options) => instrumentKafka({} as never, options),
    {},
    { producer: ['x', true, [], { perMessageSpans: 1 }], consumer: ['x', true, [], { trace: 'parent' }] },
  ],
  ['startSandbox', (options) => startSandbox(options), {}, ofTheSandbox],
  ['startLocalSts', (options) => startLocalSts(options), {}, ofTheSts],
]

const errorOf = async (work: () => unknown) => {
  try {
    await work()
  } catch (error) {
    return error as Error & { code?: string; retriable?: boolean }
  }
  return undefined
}

describe.each(sets)('%s', (name, take, needed, options) => {
  const cases = Object.entries(options).flatMap(([option, values]) =>
    [...values, ...NEVER].map((value) => ({ option, value, shown: inspect(value).slice(0, 60) })),
  )

  test('the list of its options here is complete', async () => {
    const error = await errorOf(() => take({ ...needed, nonsense: 1 }))
    expect(error?.message).toContain(`${name}: there is no option \`nonsense\`.`)
    expect(
      /The options are ([\w, ]+)\./
        .exec(error?.message ?? '')?.[1]
        ?.split(', ')
        .sort(),
    ).toEqual(Object.keys(options).sort())
  })

  test.each(cases)('refuses `$option`: $shown', async ({ option, value }) => {
    const error = await errorOf(() => take({ ...needed, [option]: value }))
    expect(error).toMatchObject({ name: 'MskIamConfigurationError', retriable: false })
    expect(['invalid_option', 'region_invalid']).toContain(error?.code)
    expect(error?.message).toContain(`: ${name}: `)
    expect(error?.message).toMatch(new RegExp(`\`${option}[\`.[]`))
  })

  test.each([undefined, null, 'x', 5, true, []])('refuses %j in place of the options', async (value) => {
    if (value === undefined && Object.keys(needed).length === 0) return
    const error = await errorOf(() => take(value as never))
    expect(error?.message).toContain(`${name}: the options are `)
  })
})
