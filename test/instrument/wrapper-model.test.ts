import fc from 'fast-check'
import { expect, test } from 'vitest'
import { override } from '../../src/instrument/wrapper.ts'

type Members = Record<string, unknown>

class Base {
  label_ = 'label'
  flush() {
    return 'flushed'
  }
  get label() {
    return this.label_
  }
  set label(label) {
    this.label_ = label
  }
}
class Client extends Base {
  count = 1
  send() {
    return 'sent'
  }
}

const clients: [string, () => Members][] = [
  ['a literal', () => ({ send: () => 'sent', flush: () => 'flushed', count: 1 })],
  ['one without prototype', () => Object.assign(Object.create(null), { send: () => 'sent', count: 2 })],
  ['one of a class', () => new Client() as unknown as Members],
]

/** What one can do with an object, and what one sees of it then. */
const deeds: Record<string, (client: Members, key: string, value: unknown, attributes: object) => unknown> = {
  get: (client, key) => seen(client[key]),
  call: (client, key) => (typeof client[key] === 'function' ? seen(client[key]()) : undefined),
  has: (client, key) => key in client,
  set: (client, key, value) => Reflect.set(client, key, value),
  decorate: (client, key) => {
    const before = client[key]
    const decorated = () => [
      'decorated',
      typeof before === 'function' ? Reflect.apply(before, client, []) : before,
    ]
    return Reflect.set(client, key, decorated)
  },
  delete: (client, key) => Reflect.deleteProperty(client, key),
  define: (client, key, value, attributes) => Reflect.defineProperty(client, key, { ...attributes, value }),
  descriptor: (client, key) => {
    const own = Object.getOwnPropertyDescriptor(client, key)
    return own && { ...own, value: seen(own.value) }
  },
  keys: (client) => Object.keys(client).sort(),
  spread: (client) => Object.keys({ ...client }).sort(),
  inherit: (client, key, value) => {
    const child: Members = Object.create(client)
    return [Reflect.set(child, key, value), seen(child[key]), Object.keys(child)]
  },
  freeze: (client) => Object.isFrozen(Object.freeze(client)),
  seal: (client) => Object.isSealed(Object.seal(client)),
  close: (client) => Object.isExtensible(Object.preventExtensions(client)),
}
/** Members of a class are the wrapper's own, so that spies find them; so these differ on purpose. */
const differentForClasses = ['descriptor', 'freeze', 'seal', 'close']

const seen = (value: unknown) => (typeof value === 'function' ? `${value.name}/${value.length}` : value)

const attributes = fc.record(
  { enumerable: fc.boolean(), configurable: fc.boolean(), writable: fc.boolean() },
  { requiredKeys: [] },
)
const programOf = (names: string[]) =>
  fc.array(
    fc.tuple(
      fc.constantFrom(...names),
      fc.constantFrom('send', 'flush', 'count', 'label', 'more', 'toString'),
      fc.constantFrom(1, 'a', undefined),
      attributes,
    ),
    { maxLength: 14 },
  )

test.each(clients)(
  'whatever is done with a wrapper of %s shows what it would show of the client',
  (name, make) => {
    const names = Object.keys(deeds).filter(
      (deed) => name !== 'one of a class' || !differentForClasses.includes(deed),
    )
    fc.assert(
      fc.property(programOf(names), (program) => {
        const wrapper = override<Members>(make(), { send: (call: () => unknown) => call() } as never)
        const run = (client: Members) =>
          program.map(([deed, ...args]) => {
            try {
              return deeds[deed]?.(client, ...args)
            } catch (error) {
              return (error as Error).name
            }
          })
        expect(run(wrapper)).toEqual(run(make()))
      }),
      { numRuns: 2000 },
    )
  },
)
