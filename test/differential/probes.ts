import type { Client } from './clients.ts'

/** What a caller may look at on a client, by name; the answer is compared. */
export const PROBES: Readonly<Record<string, (client: Client, member: string) => unknown>> = {
  keys: (client) => Object.keys(client).sort(),
  'own names': (client) => Object.getOwnPropertyNames(client).sort(),
  'for in': (client) => {
    const names: string[] = []
    for (const name in client) names.push(name)
    return names.sort()
  },
  in: (client, member) => member in client,
  'own property': (client, member) => Object.hasOwn(client, member),
  typeof: (client, member) => typeof client[member],
  'same at each read': (client, member) => {
    const { [member]: first } = client
    return client[member] === first
  },
  descriptor: (client, member) => {
    const { value, ...others } = Object.getOwnPropertyDescriptor(client, member) ?? {}
    return { ...others, value: typeof value }
  },
  name: (client, member) => client[member]?.name,
  length: (client, member) => client[member]?.length,
  constructor: (client: Client) => client.constructor.name,
  'instance of its class': (client) => client instanceof (client.constructor as never),
  prototype: (client) => Object.getPrototypeOf(client) === Object.prototype,
  text: (client) => String(client),
  json: (client) => JSON.stringify(client),
  frozen: (client) => [Object.isFrozen(client), Object.isSealed(client), Object.isExtensible(client)],
  events: (client) => client.events,
  'own field': (client) => {
    Object.assign(client, { ours: 1 })
    return [Object.keys(client).includes('ours'), (client as unknown as { ours: number }).ours]
  },
  symbol: (client) => Object.prototype.toString.call(client),
}
