import type { KafkaConfig } from 'kafkajs'
import type { MskIamConnectionOptions } from '../../src/index.ts'
import { startSandbox } from '../../src/testing/index.ts'
import { broker, region, ssl } from '../../test/stack/support/places.ts'
import { endOf, readBack } from '../../test/stack/support/read-back.ts'
import { credentialsOf } from '../../test/stack/support/run.ts'
import { deleteTopics, withAdmin } from '../../test/stack/support/topics.ts'

/** Where messages go. */
export interface Place extends AsyncDisposable {
  readonly config: Partial<KafkaConfig>
  readonly connection: MskIamConnectionOptions
  /** Those in the topic, as often as they are there. */
  keys(): Promise<string[]>
}

/**
 * @param ends sessions are due every 2 s
 * @param slow handshake and token are answered after 0.7 s each, and a request may take 1 s
 */
export async function sandboxPlace(topic: string, ends: boolean, slow: boolean): Promise<Place> {
  const sandbox = await startSandbox({ topics: { [topic]: 1 }, ...(ends ? { sessionSeconds: 12 } : {}) })
  const { region, credentials, brokers } = sandbox
  const delayed = slow ? (['SaslHandshake', 'SaslAuthenticate'] as const) : []
  for (const on of delayed) sandbox.faults.add({ on, delayMs: 700 })
  return {
    config: { brokers, ssl: false, ...(slow ? { requestTimeout: 1_000 } : {}) },
    connection: { region, credentials },
    keys: async () => sandbox.messages(topic).map(({ key }) => String(key)),
    [Symbol.asyncDispose]: () => sandbox.close(),
  }
}

/** The broker of the local stack. */
export async function stackPlace(topic: string): Promise<Place> {
  const topics = [{ topic, numPartitions: 1 }]
  // Its metadata may come a moment later; kafkajs's producer tries again.
  await withAdmin((admin) => admin.createTopics({ topics, waitForLeaders: false }))
  return {
    config: { brokers: [broker], ssl: ssl() },
    connection: { region, credentials: credentialsOf('orders-service') },
    async keys() {
      const from = (await endOf(topic)).map(({ partition }) => ({ partition, offset: '0' }))
      return (await readBack(topic, from)).map(({ key }) => key)
    },
    [Symbol.asyncDispose]: () => deleteTopics(topic),
  }
}
