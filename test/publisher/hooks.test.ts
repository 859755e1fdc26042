/** The publisher's hooks: they are waited for, and whatever they do, the results stay what they are. */
import { expect, test } from 'vitest'
import type { KafkaPublisherHooks } from '../../src/index.ts'
import { publishing } from './support/sandboxed.ts'

const order = (value: unknown) => ({ topic: 'orders', value: value as string, recordId: String(value) })
const turn = () => new Promise<void>(setImmediate)

test('each of them has ended when the call does, and one comes after the other', async () => {
  const said: string[] = []
  const hook =
    (name: string) =>
    async (one?: unknown): Promise<void> => {
      const { recordId = '' } = (one ?? {}) as { recordId?: string }
      said.push(`${name} ${recordId}`)
      await turn()
      said.push(`${name} ${recordId} done`)
    }
  const hooks: KafkaPublisherHooks = {
    onConnect: hook('connect'),
    onPublish: hook('publish'),
    onError: (_error, message) => hook('error')(message),
    onDisconnect: hook('disconnect'),
  }
  const { publisher } = await publishing({}, { hooks })
  expect(said.splice(0)).toEqual(['connect ', 'connect  done'])
  await publisher.publish([order('a'), order(7)])
  expect(said.splice(0)).toEqual([
    'publish a',
    'publish a done',
    'publish 7',
    'publish 7 done',
    'error 7',
    'error 7 done',
  ])
  await publisher.disconnect()
  expect(said).toEqual(['disconnect ', 'disconnect  done'])
})

test('one that never resolves is called for each message, and holds up the first publish only', async () => {
  const called: string[] = []
  const hooks: KafkaPublisherHooks = {
    onPublish: ({ recordId }) => {
      called.push(recordId)
      return new Promise(() => undefined)
    },
  }
  const { publisher } = await publishing({}, { hooks })
  for (const batch of [['a', 'b', 'c'], ['d'], ['e'], ['f'], ['g'], ['h']])
    expect(await publisher.publish(batch.map(order))).toMatchObject(
      batch.map((recordId) => ({ recordId, ok: true })),
    )
  expect(called.join('')).toBe('abcdefgh')
}, 5_000)

test('what they change or answer changes no result', async () => {
  const hooks: KafkaPublisherHooks = {
    onPublish(result) {
      Object.assign(result, { ok: true, recordId: 'changed' })
      return { ok: true } as never
    },
    onError: (error) => Object.defineProperty(error, 'then', { value: 'no function' }) as never,
  }
  const { publisher } = await publishing({}, { hooks })
  expect(await publisher.publish([order('a'), order(7)])).toMatchObject([
    { recordId: 'a', ok: true },
    { recordId: '7', ok: false, errorKind: 'poison' },
  ])
})

test.each<[string, () => unknown]>([
  [
    'throws',
    () => {
      throw new Error('no')
    },
  ],
  ['returns nothing', () => undefined],
])('a promise whose own then %s changes no result', async (_, then) => {
  const answer = () => Object.defineProperty(Promise.resolve(), 'then', { value: then })
  const hooks = Object.fromEntries(
    ['onConnect', 'onPublish', 'onError', 'onDisconnect'].map((name) => [name, answer]),
  )
  const { publisher } = await publishing({}, { hooks })
  expect(await publisher.publish([order('a'), order(7)])).toMatchObject([
    { recordId: 'a', ok: true },
    { recordId: '7', ok: false, errorKind: 'poison' },
  ])
  await publisher.disconnect()
})

test('a thenable of one\u2019s own is waited for, and one that throws is not', async () => {
  const said: string[] = []
  const answers = [
    Object.defineProperty({}, 'then', {
      value: (resolve: () => void) =>
        setImmediate(() => {
          said.push('waited for')
          resolve()
        }),
    }),
    Object.defineProperty({}, 'then', {
      get() {
        throw new Error('no')
      },
    }),
  ]
  const { publisher } = await publishing({}, { hooks: { onPublish: () => answers.shift() as never } })
  expect(await publisher.publish([order('a'), order('b')])).toMatchObject([{ ok: true }, { ok: true }])
  expect(said).toEqual(['waited for'])
})
