import { connect } from 'node:net'
import { expect, test } from 'vitest'
import {
  createMskIamSasl,
  KafkaPublisher,
  type KafkaPublisherOptions,
  type SocketFactoryArgs,
} from '../../src/index.ts'
import { startSandbox } from '../../src/testing/index.ts'

const publisher = (brokers: unknown, others: Partial<KafkaPublisherOptions> = {}) =>
  new KafkaPublisher({ brokers: brokers as string[], ...others })

test.each([
  [
    'b-1:9098,b-2:9098',
    '`brokers` is one string. It takes a list of brokers',
    "Split it: brokers.split(',').",
  ],
  ['b-1:9098', '`brokers` is one string.', ''],
  [['b-1:9098,b-2:9098'], '`brokers[0]` is several brokers in one string (split it at the commas).', ''],
  [['b-1:9098', ''], '`brokers[1]` is an empty string (is there a comma at the end of the list?).', ''],
  [['b-1:9098', ' b-2:9098'], '`brokers[1]` is a string with a space or a line break in it.', ''],
  [['b-1:9098\n'], '`brokers[0]` is a string with a space or a line break in it.', ''],
  [['kafka://b-1:9098'], '`brokers[0]` is a string with a scheme before the host (leave it out).', ''],
  [['SASL_SSL://b-1:9098'], '`brokers[0]` is a string with a scheme before the host (leave it out).', ''],
  [['b-1'], '`brokers[0]` is a string without a port at its end.', 'It takes host:port'],
  [['b-1:'], '`brokers[0]` is a string without a port at its end.', ''],
  [['b-1:kafka'], '`brokers[0]` is a string without a port at its end.', ''],
  [['b-1:0'], '`brokers[0]` is a string whose port is not from 1 to 65535.', ''],
  [['b-1:70000'], '`brokers[0]` is a string whose port is not from 1 to 65535.', ''],
  [['b-1:9098/'], '`brokers[0]` is a string without a port at its end.', ''],
  [[':9098'], '`brokers[0]` is a string whose host is no name and no address.', ''],
  [['user:hunter2@b-1:9098'], '`brokers[0]` is a string with several colons', ''],
  [['::1:9098'], '`brokers[0]` is a string with several colons (an IPv6 address stands in brackets', ''],
  [
    ['b-1:9098', 'b-2:9098', 'B-1:9098'],
    '`brokers[2]` is the same as `brokers[0]`. It takes each broker once.',
    '',
  ],
  [[], '`brokers` is an empty list.', ''],
  [[undefined], '`brokers[0]` is undefined. It takes host:port', ''],
  [new Array(1), '`brokers[0]` is undefined.', ''],
  [[{ host: 'b-1', port: 9098 }], '`brokers[0]` is an object.', ''],
])('a broker list that is none is an error at construction: %j', (brokers, says, more) => {
  expect(() => publisher(brokers)).toThrow(`KafkaPublisher: ${says}`)
  expect(() => publisher(brokers)).toThrow(more)
  expect(() => publisher(brokers)).not.toThrow('hunter2')
})

test.each([
  [
    [
      'b-1.orders.abc123.c2.kafka.eu-west-1.amazonaws.com:9098',
      'b-2.orders.abc123.c2.kafka.eu-west-1.amazonaws.com:9098',
    ],
  ],
  [['localhost:9092', 'kafka_1:9092', '10.0.0.1:9092', 'broker.:65535']],
  [['[::1]:9098', '[fe80::1%eth0]:20098']],
])('a broker list: %j', (brokers) => {
  expect(() => publisher(brokers)).not.toThrow()
})

test.each([
  ['b-1:9098,b-2:9098', '`brokers()` returned one string. It has to return a list of brokers'],
  [undefined, '`brokers()` returned undefined.'],
  [['b-1'], '`brokers()[0]` returned a string without a port at its end.'],
])('a function that returns no list is told by its name, as a wrong option: %j', async (returned, says) => {
  const options = { kafka: { logLevel: 0, retry: { retries: 0 } } }
  await expect(publisher(() => returned, options).connect()).rejects.toMatchObject({
    message: expect.stringContaining(says),
    failure: { code: 'invalid_option' },
  })
})

test.each([
  ['a list', (broker: string) => [broker]],
  ['a function', (broker: string) => async () => [broker]],
])(
  'an IPv6 address in brackets, which kafkajs would split at its first colon, is connected to: %s',
  async (_, of) => {
    await using sandbox = await startSandbox({ topics: { orders: 1 } })
    const { region, credentials, brokers } = sandbox
    const port = brokers[0]?.split(':')[1]
    const sasl = createMskIamSasl({ region, credentials })
    const hosts: string[] = []
    // The sandbox listens on IPv4, and not every machine has IPv6.
    const socketFactory = ({ host, port, onConnect }: SocketFactoryArgs) => {
      hosts.push(host)
      return connect({ host: 'localhost', port }, onConnect)
    }
    await using sending = publisher(of(`[2001:db8::1%eth0]:${port}`), { sasl, ssl: false, socketFactory })
    await sending.connect()
    expect(await sending.publish([{ topic: 'orders', value: 'tea' }])).toMatchObject([{ ok: true }])
    expect(hosts[0]).toBe('2001:db8::1%eth0')
    sasl.close()
  },
)
