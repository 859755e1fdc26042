import { clearFault, setFault } from '../../scripts/fault.ts'
import { startSandbox } from '../../src/testing/index.ts'
import { broker, region, ssl } from '../../test/stack/support/places.ts'
import { endOf, readBack } from '../../test/stack/support/read-back.ts'
import { credentialsOf } from '../../test/stack/support/run.ts'
import { deleteTopics, withAdmin } from '../../test/stack/support/topics.ts'
import type { Place } from '../busy-reauthentication.ts'

/** @param slow handshake and token are answered after 0.7 s each, and a request may take 1 s */
export const sandboxPlace =
  (slow: boolean) =>
  async (ends: boolean, topic: string): Promise<Place> => {
    const sandbox = await startSandbox({ topics: { [topic]: 1 }, ...(ends ? { sessionSeconds: 12 } : {}) })
    if (slow)
      for (const on of ['SaslHandshake', 'SaslAuthenticate'] as const)
        sandbox.faults.add({ on, delayMs: 700 })
    const { region, credentials, brokers } = sandbox
    return {
      config: { brokers, ssl: false, ...(slow ? { requestTimeout: 1_000 } : {}) },
      connection: { region, credentials },
      keysIn: async () => sandbox.messages(topic).map(({ key }) => String(key)),
      [Symbol.asyncDispose]: () => sandbox.close(),
    }
  }

/** The broker of the local stack. */
export async function stackPlace(ends: boolean, topic: string): Promise<Place> {
  if (ends) setFault('short-session', { principal: 'orders-service' })
  else clearFault()
  // Its metadata may come a moment later; kafkajs's producer tries again.
  await withAdmin((admin) =>
    admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: false }),
  )
  return {
    config: { brokers: [broker], ssl: ssl() },
    connection: { region, credentials: credentialsOf('orders-service') },
    keysIn: async () => {
      const from = (await endOf(topic)).map(({ partition }) => ({ partition, offset: '0' }))
      return (await readBack(topic, from)).map(({ key }) => key)
    },
    async [Symbol.asyncDispose]() {
      clearFault()
      await deleteTopics('orders-busy-')
    },
  }
}
