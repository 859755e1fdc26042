import type { SASLOptions } from 'kafkajs'
import type { Case } from '../case.ts'
import type { Scene } from '../scene.ts'

async function connectWith(scene: Scene, mechanism: 'plain' | 'scram-sha-512'): Promise<void> {
  const sasl: SASLOptions = { mechanism, username: 'orders', password: 'not-a-real-password' }
  const producer = scene.kafka({}, { sasl }).producer()
  await scene.attempt('connect', () => producer.connect())
  await producer.disconnect()
}

export const listeners: readonly Case[] = [
  {
    name: 'clear text to the port of TLS',
    async run(scene) {
      const producer = scene.kafka({}, { ssl: false }).producer()
      await scene.attempt('connect', () => producer.connect())
      await producer.disconnect()
    },
    expected: `
      connect:
        KafkaJSNumberOfRetriesExceeded: Connection error: The peer answered plaintext with a TLS alert: this port speaks TLS, set \`ssl: true\`
          retriable=false retryCount=0 failure=plaintext_to_tls_port
          cause:
            KafkaJSConnectionError: Connection error: The peer answered plaintext with a TLS alert: this port speaks TLS, set \`ssl: true\`
              retriable=true
      spans:
        msk_iam.connect INTERNAL ERROR "Plaintext was spoken to a port that speaks TLS" {server, error.type=plaintext_to_tls_port, msk_iam.client.type=producer, msk_iam.failure.hint}
      metrics:
        msk_iam.providers: {msk_iam.refresh.background=true} 1
    `,
  },
  {
    name: 'the mechanism PLAIN',
    run: (scene) => connectWith(scene, 'plain'),
    expected: `
      connect:
        KafkaJSProtocolError: The broker does not support the requested SASL mechanism
          type=UNSUPPORTED_SASL_MECHANISM code=33 retriable=false failure=sasl_mechanism_unsupported
      spans:
        msk_iam.connect INTERNAL ERROR "This listener does not offer SASL OAUTHBEARER" {server, error.type=sasl_mechanism_unsupported, msk_iam.client.type=producer, msk_iam.failure.hint}
      metrics:
        msk_iam.providers: {msk_iam.refresh.background=true} 1
    `,
  },
  {
    name: 'the mechanism SCRAM-SHA-512',
    run: (scene) => connectWith(scene, 'scram-sha-512'),
    expected: `
      connect:
        KafkaJSProtocolError: The broker does not support the requested SASL mechanism
          type=UNSUPPORTED_SASL_MECHANISM code=33 retriable=false failure=sasl_mechanism_unsupported
      spans:
        msk_iam.connect INTERNAL ERROR "This listener does not offer SASL OAUTHBEARER" {server, error.type=sasl_mechanism_unsupported, msk_iam.client.type=producer, msk_iam.failure.hint}
      metrics:
        msk_iam.providers: {msk_iam.refresh.background=true} 1
    `,
  },
]
