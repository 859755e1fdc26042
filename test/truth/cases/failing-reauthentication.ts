import type { Case } from '../case.ts'
import { DUE, publishing } from '../publishing.ts'

export const failingReauthentication: readonly Case[] = [
  {
    name: 'a re-authentication that is denied, and the send after it',
    shortSessions: true,
    async run(scene) {
      const { producer, send, topic } = await publishing(scene)
      await scene.pass(DUE.afterMs)
      scene.cluster.fault('deny')
      await scene.attempt('send', send)
      scene.cluster.mend()
      await scene.attempt('send again', send)
      await producer.disconnect()
      await scene.showPublished(topic)
    },
    expected: `
      send:
        KafkaJSNonRetriableError: [UUID]: Access denied
          retriable=false failure=access_denied UUID
          cause:
            KafkaJSProtocolError: [UUID]: Access denied
              type=SASL_AUTHENTICATION_FAILED code=58 retriable=false failure=access_denied UUID
      send again: [{"topicName":"TOPIC","partition":0,"errorCode":0,"baseOffset":"1","logAppendTime":"-1","logStartOffset":"0"}]
      published: 0:0 order = tea [traceparent]
      published: 0:1 order = tea [traceparent]
      spans:
        send TOPIC PRODUCER ERROR "The broker verified the token and denied access" {kafka send, error.type=access_denied, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.message.body.size=3, msk_iam.broker.request_id=UUID, msk_iam.failure.hint}
          msk_iam.authenticate CLIENT ERROR "The broker verified the token and denied access" {server, provider, error.type=access_denied, msk_iam.authentication.kind=reauthentication, msk_iam.broker.request_id=UUID, msk_iam.failure.hint, msk_iam.token.age, msk_iam.token.result=hit}
          msk_iam.authenticate CLIENT ERROR "The broker verified the token and denied access" {server, provider, error.type=access_denied, msk_iam.authentication.kind=initial, msk_iam.broker.request_id=UUID, msk_iam.failure.hint, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {provider, msk_iam.credentials.source=custom, msk_iam.refresh.trigger=rejected, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
        send TOPIC PRODUCER {kafka send, kafka.offset=1, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.destination.partition.id=0, messaging.message.body.size=3, msk_iam.send.offsets=0:1}
          msk_iam.authenticate CLIENT {server, provider, msk_iam.authentication.kind=initial, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {provider, msk_iam.credentials.source=custom, msk_iam.refresh.trigger=rejected, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
      metrics:
        messaging.client.operation.duration: {error.type=access_denied, messaging.destination.name=TOPIC} 1 {messaging.destination.name=TOPIC} 1
        messaging.client.sent.messages: {error.type=access_denied, messaging.destination.name=TOPIC} 1 {messaging.destination.name=TOPIC} 1
        msk_iam.authentication.duration: {error.type=access_denied} 2 {} 1
        msk_iam.authentication.failures: {error.type=access_denied} 2
        msk_iam.token.age: {}
        msk_iam.token.refresh.duration: {msk_iam.refresh.trigger=rejected} 2
        msk_iam.token.remaining_lifetime: {}
        msk_iam.token.requests: {msk_iam.token.result=hit} 1 {msk_iam.token.result=miss} 2
    `,
  },
  {
    name: 'a re-authentication that is throttled, and tried again',
    shortSessions: true,
    async run(scene) {
      const { producer, send } = await publishing(scene)
      await scene.pass(DUE.afterMs)
      scene.cluster.fault('throttle')
      await scene.attempt('send', send)
      scene.cluster.mend()
      await scene.attempt('send again', send)
      await producer.disconnect()
    },
    expected: `
      send:
        KafkaJSNonRetriableError: [UUID]: Too many connects
          retriable=false failure=too_many_connects UUID
          cause:
            KafkaJSProtocolError: [UUID]: Too many connects
              type=SASL_AUTHENTICATION_FAILED code=58 retriable=true failure=too_many_connects UUID
      send again: [{"topicName":"TOPIC","partition":0,"errorCode":0,"baseOffset":"1","logAppendTime":"-1","logStartOffset":"0"}]
      spans:
        send TOPIC PRODUCER ERROR "The broker limits the rate of IAM connections" {kafka send, error.type=too_many_connects, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.message.body.size=3, msk_iam.broker.request_id=UUID, msk_iam.failure.hint}
          msk_iam.authenticate CLIENT ERROR "The broker limits the rate of IAM connections" {server, provider, error.type=too_many_connects, msk_iam.authentication.kind=reauthentication, msk_iam.broker.request_id=UUID, msk_iam.failure.hint, msk_iam.token.age, msk_iam.token.result=hit}
          msk_iam.authenticate CLIENT ERROR "The broker limits the rate of IAM connections" {server, provider, error.type=too_many_connects, msk_iam.authentication.kind=initial, msk_iam.broker.request_id=UUID, msk_iam.failure.hint, msk_iam.token.age, msk_iam.token.result=hit}
        send TOPIC PRODUCER {kafka send, kafka.offset=1, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.destination.partition.id=0, messaging.message.body.size=3, msk_iam.send.offsets=0:1}
          msk_iam.authenticate CLIENT {server, provider, msk_iam.authentication.kind=initial, msk_iam.token.age, msk_iam.token.result=hit}
      metrics:
        messaging.client.operation.duration: {error.type=too_many_connects, messaging.destination.name=TOPIC} 1 {messaging.destination.name=TOPIC} 1
        messaging.client.sent.messages: {error.type=too_many_connects, messaging.destination.name=TOPIC} 1 {messaging.destination.name=TOPIC} 1
        msk_iam.authentication.duration: {error.type=too_many_connects} 2 {} 1
        msk_iam.authentication.failures: {error.type=too_many_connects} 2
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
        msk_iam.token.requests: {msk_iam.token.result=hit} 3
    `,
  },
  {
    name: 'a re-authentication that gets no answer, and the send after it',
    shortSessions: true,
    async run(scene) {
      const { producer, send } = await publishing(scene, {}, { requestTimeout: 1_000 })
      await scene.pass(DUE.afterMs)
      scene.cluster.fault('slow')
      await scene.attempt('send', send)
      scene.cluster.mend()
      await scene.attempt('send again', send)
      await producer.disconnect()
    },
    expected: `
      send:
        KafkaJSNonRetriableError: Request SaslAuthenticate(key: 36, version: 1) timed out
          retriable=false failure=authentication_timeout
          cause:
            KafkaJSRequestTimeoutError: Request SaslAuthenticate(key: 36, version: 1) timed out
              retriable=true failure=authentication_timeout
      send again: [{"topicName":"TOPIC","partition":0,"errorCode":0,"baseOffset":"1","logAppendTime":"-1","logStartOffset":"0"}]
      spans:
        send TOPIC PRODUCER ERROR "The broker did not answer the authentication in time" {kafka send, error.type=authentication_timeout, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.message.body.size=3, msk_iam.failure.hint}
          msk_iam.authenticate CLIENT ERROR "The broker did not answer the authentication in time" {server, provider, error.type=authentication_timeout, msk_iam.authentication.kind=reauthentication, msk_iam.failure.hint, msk_iam.token.age, msk_iam.token.result=hit}
          msk_iam.authenticate CLIENT ERROR "The broker did not answer the authentication in time" {server, provider, error.type=authentication_timeout, msk_iam.authentication.kind=initial, msk_iam.failure.hint, msk_iam.token.age, msk_iam.token.result=hit}
        send TOPIC PRODUCER {kafka send, kafka.offset=1, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.destination.partition.id=0, messaging.message.body.size=3, msk_iam.send.offsets=0:1}
          msk_iam.authenticate CLIENT {server, provider, msk_iam.authentication.kind=initial, msk_iam.token.age, msk_iam.token.result=hit}
      metrics:
        messaging.client.operation.duration: {error.type=authentication_timeout, messaging.destination.name=TOPIC} 1 {messaging.destination.name=TOPIC} 1
        messaging.client.sent.messages: {error.type=authentication_timeout, messaging.destination.name=TOPIC} 1 {messaging.destination.name=TOPIC} 1
        msk_iam.authentication.duration: {error.type=authentication_timeout} 2 {} 1
        msk_iam.authentication.failures: {error.type=authentication_timeout} 2
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
        msk_iam.token.requests: {msk_iam.token.result=hit} 3
    `,
  },
]
