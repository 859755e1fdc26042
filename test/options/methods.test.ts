import { describe, expect, test } from 'vitest'
import { KafkaPublisher, type TopicSpec } from '../../src/index.ts'
import { type Sandbox, startSandbox } from '../../src/testing/index.ts'
import { bad } from './bad-values.ts'

const publisher = () => new KafkaPublisher({ brokers: ['b-1.invalid:9098'] })

describe('methods of a publisher say what is wrong before they ask a broker:', () => {
  test.each<[unknown, object | undefined, string]>([
    ['orders', undefined, '`specs` is a string. It takes a list of topics'],
    [undefined, undefined, '`specs` is undefined.'],
    [['orders'], undefined, '`specs[0]` is a string.'],
    [[{ topic: 'a b' }], undefined, '`specs[0].topic` is a string. It takes the name of a topic'],
    [[{ topic: 'orders', partitions: 3 }], undefined, 'there is no option `partitions` in `specs[0]`.'],
    [[{ topic: 'orders', numPartitions: 0 }], undefined, '`specs[0].numPartitions` is 0.'],
    [[{ topic: 'orders', replicationFactor: '3' }], undefined, '`specs[0].replicationFactor` is a string.'],
    [
      [{ topic: 'orders', configEntries: { a: 5 } }],
      undefined,
      '`specs[0].configEntries.a` is 5. It takes a text',
    ],
    [
      [{ topic: 'orders', configEntries: new Map([['retention.ms', '5']]) }],
      undefined,
      '`specs[0].configEntries` is a Map, or another list of pairs. It takes settings of a topic',
    ],
    [[{ topic: 'orders' }], { growPartitions: 'yes' }, '`growPartitions` is a string.'],
    [[{ topic: 'orders' }], { grow: true }, 'there is no option `grow`.'],
  ])('ensureTopics(%j, %j)', async (specs, options, says) => {
    const ensured = publisher().ensureTopics(specs as TopicSpec[], options)
    await expect(ensured).rejects.toMatchObject({
      code: 'invalid_option',
      message: expect.stringContaining(says),
    })
  })

  test.each(bad.milliseconds.map((timeoutMs) => ({ timeoutMs })))('healthCheck(%j)', async (options) => {
    expect(await publisher().healthCheck(options as { timeoutMs: number })).toMatchObject({
      ok: false,
      error: { code: 'invalid_option', message: expect.stringContaining('healthCheck: `timeoutMs` is') },
    })
  })

  test.each([undefined, 'work', {}])('transaction(%j)', async (work) => {
    await expect(publisher().transaction(work as never)).rejects.toThrow('transaction: `work` is')
  })
})

describe('methods of a sandbox', () => {
  const calls: [name: string, call: (sandbox: Sandbox) => unknown, says: string][] = [
    ['expireSessions', (sandbox) => sandbox.expireSessions({ broker: 1 }), '`broker` is 1. It takes only 0.'],
    [
      'expireSessions',
      (sandbox) => sandbox.expireSessions({ princpal: 'x' } as never),
      'Did you mean `principal`?',
    ],
    ['moveLeader', (sandbox) => sandbox.moveLeader('orders', 0, 5), '`broker` is 5. It takes only 0.'],
    ['identities.add', (sandbox) => sandbox.identities.add({} as never), '`principal` is undefined.'],
    ['faults.add', (sandbox) => sandbox.faults.add({ delayMs: 2 ** 31 }), '`delayMs` is 2147483648.'],
  ]

  test.each(calls)('%s', async (name, call, says) => {
    await using sandbox = await startSandbox({ topics: { orders: 1 } })
    expect(() => call(sandbox)).toThrow(`${name}: `)
    expect(() => call(sandbox)).toThrow(says)
  })
})
