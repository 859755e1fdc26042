import type { Case } from '../case.ts'
import type { CaseFault } from '../cluster.ts'
import type { Scene } from '../scene.ts'

/** The fault, and what the same client finds when it is over. */
async function strike(scene: Scene, fault: CaseFault): Promise<void> {
  const kafka = scene.kafka({}, fault === 'slow' ? { requestTimeout: 1_000 } : {})
  const producer = kafka.producer()
  scene.cluster.fault(fault)
  await scene.attempt('connect', () => producer.connect())
  scene.cluster.mend()
  await scene.attempt('connect again', () => producer.connect())
  await producer.disconnect()
}

export const faults: readonly Case[] = [
  {
    name: 'the fault deny',
    run: (scene) => strike(scene, 'deny'),
    expected: `
      connect:
        KafkaJSProtocolError: [UUID]: Access denied
          type=SASL_AUTHENTICATION_FAILED code=58 retriable=false failure=access_denied UUID
      connect again: done
      spans:
        msk_iam.connect INTERNAL ERROR "The broker verified the token and denied access" {server, error.type=access_denied, msk_iam.broker.request_id=UUID, msk_iam.client.type=producer, msk_iam.failure.hint}
          msk_iam.authenticate CLIENT ERROR "The broker verified the token and denied access" {server, provider, error.type=access_denied, msk_iam.authentication.kind=initial, msk_iam.broker.request_id=UUID, msk_iam.failure.hint, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {provider, msk_iam.credentials.source=custom, msk_iam.refresh.trigger=first, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
        msk_iam.connect INTERNAL {msk_iam.client.type=producer}
          msk_iam.authenticate CLIENT {server, provider, msk_iam.authentication.kind=initial, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {provider, msk_iam.credentials.source=custom, msk_iam.refresh.trigger=rejected, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
      metrics:
        msk_iam.authentication.duration: {error.type=access_denied} 1 {} 1
        msk_iam.authentication.failures: {error.type=access_denied} 1
        msk_iam.providers: {msk_iam.refresh.background=true} 1
        msk_iam.token.age: {}
        msk_iam.token.refresh.duration: {msk_iam.refresh.trigger=first} 1 {msk_iam.refresh.trigger=rejected} 1
        msk_iam.token.remaining_lifetime: {}
        msk_iam.token.requests: {msk_iam.token.result=miss} 2
    `,
  },
  {
    name: 'the fault throttle',
    run: (scene) => strike(scene, 'throttle'),
    expected: `
      connect:
        KafkaJSNumberOfRetriesExceeded: [UUID]: Too many connects
          retriable=false retryCount=0 failure=too_many_connects UUID
          cause:
            KafkaJSProtocolError: [UUID]: Too many connects
              type=SASL_AUTHENTICATION_FAILED code=58 retriable=true failure=too_many_connects UUID
      connect again: done
      spans:
        msk_iam.connect INTERNAL ERROR "The broker limits the rate of IAM connections" {server, error.type=too_many_connects, msk_iam.broker.request_id=UUID, msk_iam.client.type=producer, msk_iam.failure.hint}
          msk_iam.authenticate CLIENT ERROR "The broker limits the rate of IAM connections" {server, provider, error.type=too_many_connects, msk_iam.authentication.kind=initial, msk_iam.broker.request_id=UUID, msk_iam.failure.hint, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {provider, msk_iam.credentials.source=custom, msk_iam.refresh.trigger=first, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
        msk_iam.connect INTERNAL {msk_iam.client.type=producer}
          msk_iam.authenticate CLIENT {server, provider, msk_iam.authentication.kind=initial, msk_iam.token.age, msk_iam.token.result=hit}
      metrics:
        msk_iam.authentication.duration: {error.type=too_many_connects} 1 {} 1
        msk_iam.authentication.failures: {error.type=too_many_connects} 1
        msk_iam.providers: {msk_iam.refresh.background=true} 1
        msk_iam.token.age: {}
        msk_iam.token.refresh.duration: {msk_iam.refresh.trigger=first} 1
        msk_iam.token.remaining_lifetime: {}
        msk_iam.token.requests: {msk_iam.token.result=hit} 1 {msk_iam.token.result=miss} 1
    `,
  },
  {
    name: 'the fault invalid-signature',
    run: (scene) => strike(scene, 'invalid-signature'),
    expected: `
      connect:
        KafkaJSNumberOfRetriesExceeded: [UUID]: Invalid authentication payload
          retriable=false retryCount=0 failure=invalid_signature UUID
          cause:
            KafkaJSProtocolError: [UUID]: Invalid authentication payload
              type=SASL_AUTHENTICATION_FAILED code=58 retriable=true failure=invalid_signature UUID
      connect again: done
      spans:
        msk_iam.connect INTERNAL ERROR "The broker could not verify the token" {server, error.type=invalid_signature, msk_iam.broker.request_id=UUID, msk_iam.client.type=producer, msk_iam.failure.hint}
          msk_iam.authenticate CLIENT ERROR "The broker could not verify the token" {server, provider, error.type=invalid_signature, msk_iam.authentication.kind=initial, msk_iam.broker.request_id=UUID, msk_iam.failure.hint, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {provider, msk_iam.credentials.source=custom, msk_iam.refresh.trigger=first, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
        msk_iam.connect INTERNAL {msk_iam.client.type=producer}
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
    name: 'the fault session-too-short',
    run: (scene) => strike(scene, 'session-too-short'),
    expected: `
      connect:
        KafkaJSNumberOfRetriesExceeded: [UUID]: Session too short
          retriable=false retryCount=0 failure=session_too_short UUID
          cause:
            KafkaJSProtocolError: [UUID]: Session too short
              type=SASL_AUTHENTICATION_FAILED code=58 retriable=true failure=session_too_short UUID
      connect again: done
      spans:
        msk_iam.connect INTERNAL ERROR "The credentials behind the token end too soon for a session" {server, error.type=session_too_short, msk_iam.broker.request_id=UUID, msk_iam.client.type=producer, msk_iam.failure.hint}
          msk_iam.authenticate CLIENT ERROR "The credentials behind the token end too soon for a session" {server, provider, error.type=session_too_short, msk_iam.authentication.kind=initial, msk_iam.broker.request_id=UUID, msk_iam.failure.hint, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {provider, msk_iam.credentials.source=custom, msk_iam.refresh.trigger=first, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
        msk_iam.connect INTERNAL {msk_iam.client.type=producer}
          msk_iam.authenticate CLIENT {server, provider, msk_iam.authentication.kind=initial, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {provider, msk_iam.credentials.source=custom, msk_iam.refresh.trigger=rejected, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
      metrics:
        msk_iam.authentication.duration: {error.type=session_too_short} 1 {} 1
        msk_iam.authentication.failures: {error.type=session_too_short} 1
        msk_iam.providers: {msk_iam.refresh.background=true} 1
        msk_iam.token.age: {}
        msk_iam.token.refresh.duration: {msk_iam.refresh.trigger=first} 1 {msk_iam.refresh.trigger=rejected} 1
        msk_iam.token.remaining_lifetime: {}
        msk_iam.token.requests: {msk_iam.token.result=miss} 2
    `,
  },
  {
    name: 'the fault slow',
    run: (scene) => strike(scene, 'slow'),
    expected: `
      connect:
        KafkaJSNumberOfRetriesExceeded: Request SaslAuthenticate(key: 36, version: 1) timed out
          retriable=false retryCount=0 failure=authentication_timeout
          cause:
            KafkaJSRequestTimeoutError: Request SaslAuthenticate(key: 36, version: 1) timed out
              retriable=true failure=authentication_timeout
      connect again: done
      spans:
        msk_iam.connect INTERNAL ERROR "The broker did not answer the authentication in time" {server, error.type=authentication_timeout, msk_iam.client.type=producer, msk_iam.failure.hint}
          msk_iam.authenticate CLIENT ERROR "The broker did not answer the authentication in time" {server, provider, error.type=authentication_timeout, msk_iam.authentication.kind=initial, msk_iam.failure.hint, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {provider, msk_iam.credentials.source=custom, msk_iam.refresh.trigger=first, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
        msk_iam.connect INTERNAL {msk_iam.client.type=producer}
          msk_iam.authenticate CLIENT {server, provider, msk_iam.authentication.kind=initial, msk_iam.token.age, msk_iam.token.result=hit}
      metrics:
        msk_iam.authentication.duration: {error.type=authentication_timeout} 1 {} 1
        msk_iam.authentication.failures: {error.type=authentication_timeout} 1
        msk_iam.providers: {msk_iam.refresh.background=true} 1
        msk_iam.token.age: {}
        msk_iam.token.refresh.duration: {msk_iam.refresh.trigger=first} 1
        msk_iam.token.remaining_lifetime: {}
        msk_iam.token.requests: {msk_iam.token.result=hit} 1 {msk_iam.token.result=miss} 1
    `,
  },
]
