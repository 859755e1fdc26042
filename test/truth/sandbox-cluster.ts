import { randomUUID } from 'node:crypto'
import { type Fault, startSandbox } from '../../src/testing/index.ts'
import { asText } from '../../src/testing/protocol/cluster.ts'
import type { Case } from './case.ts'
import { type CaseFault, identities, SESSION_SECONDS, SLOW_SECONDS, type TruthCluster } from './cluster.ts'

const EFFECTS: Record<CaseFault, Fault> = {
  deny: { refuse: 'Access denied' },
  throttle: { refuse: 'Too many connects' },
  'invalid-signature': { refuse: 'Invalid authentication payload' },
  'session-too-short': { refuse: 'Session too short' },
  slow: { delayMs: SLOW_SECONDS * 1000 },
}

/** A sandbox that is set up as the stack is. */
export async function sandboxCluster({ shortSessions }: Case): Promise<TruthCluster & AsyncDisposable> {
  const topics = Object.fromEntries(
    [1, 1, 3].map((partitions) => [`orders-truth-${randomUUID()}`, partitions]),
  )
  const unused = Object.keys(topics)
  const sandbox = await startSandbox({
    tls: true,
    topics: { orders: 3, 'denied-topic': 1, ...topics },
    sessionSeconds: shortSessions ? SESSION_SECONDS.short : SESSION_SECONDS.usual,
    identities: identities.flatMap(({ principal, accessKeys, permissions }) =>
      accessKeys.map((keys) => ({ principal, ...keys, permissions })),
    ),
  })
  return {
    brokers: sandbox.brokers,
    region: sandbox.region,
    ssl: { ca: sandbox.ca ?? '' },
    fault: (name) => void sandbox.faults.add({ ...EFFECTS[name], principal: 'orders-service' }),
    mend: () => sandbox.faults.clear(),
    async createTopic(partitions) {
      const topic = unused.find((name) => topics[name] === partitions)
      if (topic === undefined) throw new Error(`no more topics with ${partitions} partitions`)
      unused.splice(unused.indexOf(topic), 1)
      return topic
    },
    published: async (topic) =>
      sandbox
        .messages(topic)
        .map(asText)
        .sort((one, other) => one.partition - other.partition || one.offset - other.offset),
    [Symbol.asyncDispose]: () => sandbox.close(),
  }
}
