/**
 * 200 clients start in one tick against a broker that admits 20 IAM connections a second; kafkajs's default retries.
 * Run: node bench/two-hundred-clients.ts [with|without]
 */
import { generateAuthTokenFromCredentialsProvider } from 'aws-msk-iam-sasl-signer-js'
import { Kafka, type KafkaConfig, logLevel } from 'kafkajs'
import { createMskIamConnection } from '../src/index.ts'
import { type Sandbox, startSandbox } from '../src/testing/index.ts'

const CLIENTS = 200

/** kafkajs's own OAUTHBEARER authenticator over AWS's signer, as their READMEs have it. */
const without = ({ region, credentials }: Sandbox): Partial<KafkaConfig> => ({
  sasl: {
    mechanism: 'oauthbearer',
    oauthBearerProvider: async () => {
      const { token } = await generateAuthTokenFromCredentialsProvider({
        region,
        awsCredentialsProvider: async () => credentials,
      })
      return { value: token }
    },
  },
})

const withUs = ({ region, credentials }: Sandbox): Partial<KafkaConfig> =>
  createMskIamConnection({ region, credentials })

async function arm(name: string, config: (sandbox: Sandbox) => Partial<KafkaConfig>): Promise<void> {
  await using sandbox = await startSandbox({ connectionsPerSecond: 20 })
  const shared = { ...config(sandbox), ssl: false }
  const started = performance.now()
  let last = 0
  const connect = async (number: number) => {
    const kafka = new Kafka({
      clientId: `client-${number}`,
      brokers: sandbox.brokers,
      logLevel: logLevel.NOTHING,
      ...shared,
    })
    const producer = kafka.producer()
    try {
      await producer.connect()
      last = performance.now() - started
      return true
    } finally {
      await producer.disconnect()
    }
  }
  const outcomes = await Promise.allSettled(Array.from({ length: CLIENTS }, (_, number) => connect(number)))
  const connected = outcomes.filter(({ status }) => status === 'fulfilled').length
  console.log(
    `${name}: ${connected} of ${CLIENTS} connected, the last after ${(last / 1000).toFixed(1)} s; ${sandbox.authentications.length} authentications`,
  )
}

const wanted = process.argv[2]
if (wanted !== 'with') await arm('without', without)
if (wanted !== 'without') await arm('with', withUs)
