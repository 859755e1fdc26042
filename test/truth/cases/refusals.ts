import type { Case } from '../case.ts'
import type { ClientOptions, Scene } from '../scene.ts'
import { gives, living, orders, saying, signedIn } from '../tokens.ts'

async function connect(scene: Scene, options: ClientOptions): Promise<void> {
  const producer = scene.kafka(options).producer()
  await scene.attempt('connect', () => producer.connect())
  await producer.disconnect()
}

export const refusals: readonly Case[] = [
  {
    name: 'a token for another region',
    run: (scene) => connect(scene, { region: 'us-east-1' }),
    expected: `
      connect:
        KafkaJSNumberOfRetriesExceeded: [UUID]: Invalid authentication payload
          retriable=false retryCount=0 failure=invalid_signature UUID
          cause:
            KafkaJSProtocolError: [UUID]: Invalid authentication payload
              type=SASL_AUTHENTICATION_FAILED code=58 retriable=true failure=invalid_signature UUID
      spans:
        msk_iam.connect INTERNAL ERROR "The broker could not verify the token" {server, error.type=invalid_signature, msk_iam.broker.request_id=UUID, msk_iam.client.type=producer, msk_iam.failure.hint}
          msk_iam.authenticate CLIENT ERROR "The broker could not verify the token" {server, cloud.region=us-east-1, error.type=invalid_signature, msk_iam.authentication.kind=initial, msk_iam.broker.request_id=UUID, msk_iam.failure.hint, msk_iam.provider.name=truth, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {cloud.region=us-east-1, msk_iam.credentials.source=custom, msk_iam.provider.name=truth, msk_iam.refresh.trigger=first, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
      metrics:
        msk_iam.authentication.duration: {error.type=invalid_signature} 1
        msk_iam.authentication.failures: {error.type=invalid_signature} 1
        msk_iam.providers: {msk_iam.refresh.background=true} 1
        msk_iam.token.refresh.duration: {msk_iam.refresh.trigger=first} 1
        msk_iam.token.requests: {msk_iam.token.result=miss} 1
    `,
  },
  {
    name: 'another secret',
    run: (scene) => connect(scene, { credentials: { ...orders, secretAccessKey: 'another' } }),
    expected: `
      connect:
        KafkaJSNumberOfRetriesExceeded: [UUID]: Invalid authentication payload
          retriable=false retryCount=0 failure=invalid_signature UUID
          cause:
            KafkaJSProtocolError: [UUID]: Invalid authentication payload
              type=SASL_AUTHENTICATION_FAILED code=58 retriable=true failure=invalid_signature UUID
      spans:
        msk_iam.connect INTERNAL ERROR "The broker could not verify the token" {server, error.type=invalid_signature, msk_iam.broker.request_id=UUID, msk_iam.client.type=producer, msk_iam.failure.hint}
          msk_iam.authenticate CLIENT ERROR "The broker could not verify the token" {server, provider, error.type=invalid_signature, msk_iam.authentication.kind=initial, msk_iam.broker.request_id=UUID, msk_iam.failure.hint, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {provider, msk_iam.credentials.source=custom, msk_iam.refresh.trigger=first, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
      metrics:
        msk_iam.authentication.duration: {error.type=invalid_signature} 1
        msk_iam.authentication.failures: {error.type=invalid_signature} 1
        msk_iam.providers: {msk_iam.refresh.background=true} 1
        msk_iam.token.refresh.duration: {msk_iam.refresh.trigger=first} 1
        msk_iam.token.requests: {msk_iam.token.result=miss} 1
    `,
  },
  {
    name: 'an access key that nobody has',
    run: (scene) => connect(scene, { credentials: { ...orders, accessKeyId: 'AKIALOCALNOBODY00001' } }),
    expected: `
      connect:
        KafkaJSProtocolError: [UUID]: Access denied
          type=SASL_AUTHENTICATION_FAILED code=58 retriable=false failure=access_denied UUID
      spans:
        msk_iam.connect INTERNAL ERROR "The broker verified the token and denied access" {server, error.type=access_denied, msk_iam.broker.request_id=UUID, msk_iam.client.type=producer, msk_iam.failure.hint}
          msk_iam.authenticate CLIENT ERROR "The broker verified the token and denied access" {server, provider, error.type=access_denied, msk_iam.authentication.kind=initial, msk_iam.broker.request_id=UUID, msk_iam.failure.hint, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {provider, msk_iam.credentials.source=custom, msk_iam.refresh.trigger=first, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
      metrics:
        msk_iam.authentication.duration: {error.type=access_denied} 1
        msk_iam.authentication.failures: {error.type=access_denied} 1
        msk_iam.providers: {msk_iam.refresh.background=true} 1
        msk_iam.token.refresh.duration: {msk_iam.refresh.trigger=first} 1
        msk_iam.token.requests: {msk_iam.token.result=miss} 1
    `,
  },
  {
    name: 'no permission to connect',
    run: (scene) => connect(scene, { principal: 'no-connect' }),
    expected: `
      connect:
        KafkaJSProtocolError: [UUID]: Access denied
          type=SASL_AUTHENTICATION_FAILED code=58 retriable=false failure=access_denied UUID
      spans:
        msk_iam.connect INTERNAL ERROR "The broker verified the token and denied access" {server, error.type=access_denied, msk_iam.broker.request_id=UUID, msk_iam.client.type=producer, msk_iam.failure.hint}
          msk_iam.authenticate CLIENT ERROR "The broker verified the token and denied access" {server, provider, error.type=access_denied, msk_iam.authentication.kind=initial, msk_iam.broker.request_id=UUID, msk_iam.failure.hint, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {provider, msk_iam.credentials.source=custom, msk_iam.refresh.trigger=first, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
      metrics:
        msk_iam.authentication.duration: {error.type=access_denied} 1
        msk_iam.authentication.failures: {error.type=access_denied} 1
        msk_iam.providers: {msk_iam.refresh.background=true} 1
        msk_iam.token.refresh.duration: {msk_iam.refresh.trigger=first} 1
        msk_iam.token.requests: {msk_iam.token.result=miss} 1
    `,
  },
  {
    name: 'a token that has expired',
    run: async (scene) => connect(scene, { signer: gives(await saying(signedIn(-1000))) }),
    expected: `
      connect:
        KafkaJSNumberOfRetriesExceeded: [UUID]: Invalid authentication payload
          retriable=false retryCount=0 failure=invalid_signature UUID
          cause:
            KafkaJSProtocolError: [UUID]: Invalid authentication payload
              type=SASL_AUTHENTICATION_FAILED code=58 retriable=true failure=invalid_signature UUID
      spans:
        msk_iam.connect INTERNAL ERROR "The broker could not verify the token" {server, error.type=invalid_signature, msk_iam.broker.request_id=UUID, msk_iam.client.type=producer, msk_iam.failure.hint}
          msk_iam.authenticate CLIENT ERROR "The broker could not verify the token" {server, provider, error.type=invalid_signature, msk_iam.authentication.kind=initial, msk_iam.broker.request_id=UUID, msk_iam.failure.hint, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {provider, msk_iam.credentials.source=custom, msk_iam.refresh.trigger=first, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
      metrics:
        msk_iam.authentication.duration: {error.type=invalid_signature} 1
        msk_iam.authentication.failures: {error.type=invalid_signature} 1
        msk_iam.providers: {msk_iam.refresh.background=true} 1
        msk_iam.token.refresh.duration: {msk_iam.refresh.trigger=first} 1
        msk_iam.token.requests: {msk_iam.token.result=miss} 1
    `,
  },
  {
    name: 'a token for another action',
    run: async (scene) =>
      connect(scene, { signer: gives(await saying({ Action: 'kafka-cluster:WriteData' })) }),
    expected: `
      connect:
        KafkaJSNumberOfRetriesExceeded: [UUID]: Invalid authentication payload
          retriable=false retryCount=0 failure=invalid_signature UUID
          cause:
            KafkaJSProtocolError: [UUID]: Invalid authentication payload
              type=SASL_AUTHENTICATION_FAILED code=58 retriable=true failure=invalid_signature UUID
      spans:
        msk_iam.connect INTERNAL ERROR "The broker could not verify the token" {server, error.type=invalid_signature, msk_iam.broker.request_id=UUID, msk_iam.client.type=producer, msk_iam.failure.hint}
          msk_iam.authenticate CLIENT ERROR "The broker could not verify the token" {server, provider, error.type=invalid_signature, msk_iam.authentication.kind=initial, msk_iam.broker.request_id=UUID, msk_iam.failure.hint, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {provider, msk_iam.credentials.source=custom, msk_iam.refresh.trigger=first, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
      metrics:
        msk_iam.authentication.duration: {error.type=invalid_signature} 1
        msk_iam.authentication.failures: {error.type=invalid_signature} 1
        msk_iam.providers: {msk_iam.refresh.background=true} 1
        msk_iam.token.refresh.duration: {msk_iam.refresh.trigger=first} 1
        msk_iam.token.requests: {msk_iam.token.result=miss} 1
    `,
  },
  {
    name: 'a token that is no URL',
    run: (scene) => connect(scene, { signer: gives('not~a.token') }),
    expected: `
      connect:
        KafkaJSNumberOfRetriesExceeded: [UUID]: Invalid authentication payload
          retriable=false retryCount=0 failure=invalid_signature UUID
          cause:
            KafkaJSProtocolError: [UUID]: Invalid authentication payload
              type=SASL_AUTHENTICATION_FAILED code=58 retriable=true failure=invalid_signature UUID
      spans:
        msk_iam.connect INTERNAL ERROR "The broker could not verify the token" {server, error.type=invalid_signature, msk_iam.broker.request_id=UUID, msk_iam.client.type=producer, msk_iam.failure.hint}
          msk_iam.authenticate CLIENT ERROR "The broker could not verify the token" {server, provider, error.type=invalid_signature, msk_iam.authentication.kind=initial, msk_iam.broker.request_id=UUID, msk_iam.failure.hint, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {provider, msk_iam.credentials.source=custom, msk_iam.refresh.trigger=first, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
      metrics:
        msk_iam.authentication.duration: {error.type=invalid_signature} 1
        msk_iam.authentication.failures: {error.type=invalid_signature} 1
        msk_iam.providers: {msk_iam.refresh.background=true} 1
        msk_iam.token.refresh.duration: {msk_iam.refresh.trigger=first} 1
        msk_iam.token.requests: {msk_iam.token.result=miss} 1
    `,
  },
  {
    name: 'what invalid_signature costs with retries: it is tried again with a new token',
    async run(scene) {
      const signer = gives(await saying(signedIn(-1000)), await living(900))
      const producer = scene.kafka({ signer }, { retry: { retries: 1, initialRetryTime: 50 } }).producer()
      await scene.attempt('connect', () => producer.connect())
      await producer.disconnect()
    },
    expected: `
      connect: done
      spans:
        msk_iam.connect INTERNAL {msk_iam.client.type=producer}
          msk_iam.authenticate CLIENT ERROR "The broker could not verify the token" {server, provider, error.type=invalid_signature, msk_iam.authentication.kind=initial, msk_iam.broker.request_id=UUID, msk_iam.failure.hint, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {provider, msk_iam.credentials.source=custom, msk_iam.refresh.trigger=first, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
          msk_iam.authenticate CLIENT {server, provider, msk_iam.authentication.kind=initial, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {provider, msk_iam.credentials.source=custom, msk_iam.refresh.trigger=rejected, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
      metrics:
        msk_iam.authentication.duration: {error.type=invalid_signature} 1 {} 1
        msk_iam.authentication.failures: {error.type=invalid_signature} 1
        msk_iam.providers: {msk_iam.refresh.background=true} 1
        msk_iam.token.age: {}
        msk_iam.token.refresh.duration: {msk_iam.refresh.trigger=first} 1 {msk_iam.refresh.trigger=rejected} 1
        msk_iam.token.remaining_lifetime: {}
        msk_iam.token.requests: {msk_iam.token.result=miss} 2
    `,
  },
  {
    name: 'credentials that have expired never reach the broker',
    run: (scene) =>
      connect(scene, {
        credentials: { ...orders, sessionToken: 'x', expiration: new Date(Date.now() - 1000) },
      }),
    expected: `
      connect:
        MskIamTokenError: The token was already over when it was made: the credentials have -2 s to live. The AWS SDK goes on handing out credentials that have ended while it cannot renew them; renew their source. With a custom signer, check that \`expiryTime\` is an absolute time. [token_expired]
          code=token_expired retriable=false failure=token_expired
      spans:
        msk_iam.connect INTERNAL ERROR "The token was already over when it was made" {server, error.type=token_expired, msk_iam.client.type=producer, msk_iam.failure.hint}
          msk_iam.authenticate CLIENT ERROR "The token was already over when it was made" {server, provider, error.type=token_expired, msk_iam.authentication.kind=initial, msk_iam.failure.hint}
            msk_iam.token.refresh INTERNAL ERROR "The token was already over when it was made" {provider, error.type=token_expired, msk_iam.failure.hint, msk_iam.refresh.trigger=first, msk_iam.signer.attempts=1}
              msk_iam.token.sign INTERNAL ERROR "The token was already over when it was made" {error.type=token_expired, msk_iam.failure.hint, msk_iam.signer.attempt=1}
      metrics:
        msk_iam.providers: {msk_iam.refresh.background=true} 1
        msk_iam.token.refresh.consecutive_failures: {} 1
        msk_iam.token.refresh.duration: {error.type=token_expired, msk_iam.refresh.trigger=first} 1
        msk_iam.token.refresh.failures: {error.type=token_expired} 1
        msk_iam.token.requests: {msk_iam.token.result=error} 1
    `,
  },
  {
    name: 'raw credentials never reach the broker',
    run: (scene) =>
      connect(scene, { signer: gives(`${orders.accessKeyId}:${orders.secretAccessKey}:session`) }),
    expected: `
      connect:
        MskIamTokenError: The signer gave raw AWS credentials instead of a token. Leave \`signer\` out, or sign with aws-msk-iam-sasl-signer-js. A value of the form accessKeyId:secretAccessKey:sessionToken hands the secret to whatever listens, and MSK does not accept it. It was not sent now; rotate the key if it ever was. [raw_credentials_refused]
          code=raw_credentials_refused retriable=false failure=raw_credentials_refused
      spans:
        msk_iam.connect INTERNAL ERROR "The signer gave raw AWS credentials instead of a token" {server, error.type=raw_credentials_refused, msk_iam.client.type=producer, msk_iam.failure.hint}
          msk_iam.authenticate CLIENT ERROR "The signer gave raw AWS credentials instead of a token" {server, provider, error.type=raw_credentials_refused, msk_iam.authentication.kind=initial, msk_iam.failure.hint}
            msk_iam.token.refresh INTERNAL ERROR "The signer gave raw AWS credentials instead of a token" {provider, error.type=raw_credentials_refused, msk_iam.failure.hint, msk_iam.refresh.trigger=first, msk_iam.signer.attempts=1}
              msk_iam.token.sign INTERNAL ERROR "The signer gave raw AWS credentials instead of a token" {error.type=raw_credentials_refused, msk_iam.failure.hint, msk_iam.signer.attempt=1}
      metrics:
        msk_iam.providers: {msk_iam.refresh.background=true} 1
        msk_iam.token.refresh.consecutive_failures: {} 1
        msk_iam.token.refresh.duration: {error.type=raw_credentials_refused, msk_iam.refresh.trigger=first} 1
        msk_iam.token.refresh.failures: {error.type=raw_credentials_refused} 1
        msk_iam.token.requests: {msk_iam.token.result=error} 1
    `,
  },
]
