import type { Case } from '../case.ts'
import { keysOf } from '../cluster.ts'
import { DUE, publishing } from '../publishing.ts'
import { gives, living, signed } from '../tokens.ts'

export const reauthentication: readonly Case[] = [
  {
    name: 'a session is renewed under a send, with the token that there is',
    shortSessions: true,
    async run(scene) {
      const { producer, send } = await publishing(scene)
      await scene.pass(DUE.afterMs)
      await scene.attempt('send', send)
      await producer.disconnect()
    },
    expected: `
      send: [{"topicName":"TOPIC","partition":0,"errorCode":0,"baseOffset":"1","logAppendTime":"-1","logStartOffset":"0"}]
      spans:
        send TOPIC PRODUCER {kafka send, kafka.offset=1, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.destination.partition.id=0, messaging.message.body.size=3, msk_iam.send.offsets=0:1}
          msk_iam.authenticate CLIENT {server, provider, msk_iam.authentication.kind=reauthentication, msk_iam.token.age, msk_iam.token.result=hit}
      metrics:
        messaging.client.operation.duration: {messaging.destination.name=TOPIC} 1
        messaging.client.sent.messages: {messaging.destination.name=TOPIC} 1
        msk_iam.authentication.duration: {} 1
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
        msk_iam.token.requests: {msk_iam.token.result=hit} 1
    `,
  },
  {
    name: 'a session is renewed once under sends that come together',
    shortSessions: true,
    async run(scene) {
      const { producer, send } = await publishing(scene)
      await scene.pass(DUE.afterMs)
      await scene.attempt('three sends', async () => (await Promise.all([send(), send(), send()])).length)
      await producer.disconnect()
    },
    expected: `
      three sends: 3
      spans:
        send TOPIC PRODUCER {kafka send, kafka.offset=1, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.destination.partition.id=0, messaging.message.body.size=3, msk_iam.send.offsets=0:1}
          msk_iam.authenticate CLIENT {server, provider, msk_iam.authentication.kind=reauthentication, msk_iam.token.age, msk_iam.token.result=hit}
        send TOPIC PRODUCER {kafka send, kafka.offset=2, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.destination.partition.id=0, messaging.message.body.size=3, msk_iam.send.offsets=0:2}
        send TOPIC PRODUCER {kafka send, kafka.offset=3, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.destination.partition.id=0, messaging.message.body.size=3, msk_iam.send.offsets=0:3}
      metrics:
        messaging.client.operation.duration: {messaging.destination.name=TOPIC} 3
        messaging.client.sent.messages: {messaging.destination.name=TOPIC} 3
        msk_iam.authentication.duration: {} 1
        msk_iam.token.age: {}
        msk_iam.token.remaining_lifetime: {}
        msk_iam.token.requests: {msk_iam.token.result=hit} 1
    `,
  },
  {
    name: 'a re-authentication as somebody else',
    shortSessions: true,
    async run(scene) {
      const first = { token: await living(900), saysSeconds: 2 }
      const signer = gives(first, await signed(keysOf('audit-service')))
      const { producer, send } = await publishing(scene, { signer, backgroundRefresh: false })
      await scene.pass(DUE.afterMs)
      await scene.attempt('send', send)
      await producer.disconnect()
    },
    expected: `
      send:
        KafkaJSNonRetriableError: Cannot change principals during re-authentication from TYPE.orders-service: TYPE.audit-service
          retriable=false failure=principal_changed
          cause:
            KafkaJSProtocolError: Cannot change principals during re-authentication from TYPE.orders-service: TYPE.audit-service
              type=SASL_AUTHENTICATION_FAILED code=58 retriable=true failure=principal_changed
      spans:
        send TOPIC PRODUCER ERROR "The identity changed while a connection was authenticating again" {kafka send, error.type=principal_changed, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.message.body.size=3, msk_iam.failure.hint}
          msk_iam.authenticate CLIENT ERROR "The identity changed while a connection was authenticating again" {server, provider, error.type=principal_changed, msk_iam.authentication.kind=reauthentication, msk_iam.failure.hint, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {provider, msk_iam.credentials.source=custom, msk_iam.refresh.trigger=expired, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
          msk_iam.authenticate CLIENT {server, provider, msk_iam.authentication.kind=initial, msk_iam.token.age, msk_iam.token.result=hit}
      metrics:
        messaging.client.operation.duration: {error.type=principal_changed, messaging.destination.name=TOPIC} 1
        messaging.client.sent.messages: {error.type=principal_changed, messaging.destination.name=TOPIC} 1
        msk_iam.authentication.duration: {error.type=principal_changed} 1 {} 1
        msk_iam.authentication.failures: {error.type=principal_changed} 1
        msk_iam.token.age: {}
        msk_iam.token.refresh.duration: {msk_iam.refresh.trigger=expired} 1
        msk_iam.token.remaining_lifetime: {}
        msk_iam.token.requests: {msk_iam.token.result=hit} 1 {msk_iam.token.result=miss} 1
    `,
  },
  {
    name: 'sessions shorter than the threshold: two re-authentications within a second',
    async run(scene) {
      const topic = await scene.topic()
      const producer = scene.kafka({}, { reauthenticationThreshold: 60_000 }).producer()
      await scene.attempt('connect', () => producer.connect())
      for (const attempt of ['first send', 'second send'])
        await scene.attempt(attempt, () =>
          producer.send({ topic, messages: [{ key: 'order', value: 'tea' }] }),
        )
      await producer.disconnect()
    },
    expected: `
      connect: done
      first send:
        KafkaJSNumberOfRetriesExceeded: The broker did not expect a SASL exchange now. At the first connect: this is a port without SASL (9092, 9094); use 9098. Later: the session is shorter than the re-authentication threshold, so that two exchanges came within a second; lower \`reauthenticationThreshold\`. [listener_without_sasl]
          retriable=false retryCount=0 failure=listener_without_sasl
          cause:
            MskIamAuthenticationError: The broker did not expect a SASL exchange now. At the first connect: this is a port without SASL (9092, 9094); use 9098. Later: the session is shorter than the re-authentication threshold, so that two exchanges came within a second; lower \`reauthenticationThreshold\`. [listener_without_sasl]
              code=listener_without_sasl retriable=true failure=listener_without_sasl
              original:
                KafkaJSProtocolError: Request is not valid given the current SASL state
                  type=ILLEGAL_SASL_STATE code=34 retriable=false failure=listener_without_sasl
      second send:
        KafkaJSNumberOfRetriesExceeded: The broker did not expect a SASL exchange now. At the first connect: this is a port without SASL (9092, 9094); use 9098. Later: the session is shorter than the re-authentication threshold, so that two exchanges came within a second; lower \`reauthenticationThreshold\`. [listener_without_sasl]
          retriable=false retryCount=0 failure=listener_without_sasl
          cause:
            MskIamAuthenticationError: The broker did not expect a SASL exchange now. At the first connect: this is a port without SASL (9092, 9094); use 9098. Later: the session is shorter than the re-authentication threshold, so that two exchanges came within a second; lower \`reauthenticationThreshold\`. [listener_without_sasl]
              code=listener_without_sasl retriable=true failure=listener_without_sasl
              original:
                KafkaJSProtocolError: Request is not valid given the current SASL state
                  type=ILLEGAL_SASL_STATE code=34 retriable=false failure=listener_without_sasl
      spans:
        msk_iam.connect INTERNAL {msk_iam.client.type=producer}
          msk_iam.authenticate CLIENT {server, provider, msk_iam.authentication.kind=initial, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {provider, msk_iam.credentials.source=custom, msk_iam.refresh.trigger=first, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
        send TOPIC PRODUCER ERROR "The broker did not expect a SASL exchange now" {kafka send, error.type=listener_without_sasl, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.message.body.size=3, msk_iam.failure.hint}
          msk_iam.authenticate CLIENT {server, provider, msk_iam.authentication.kind=reauthentication, msk_iam.token.age, msk_iam.token.result=hit}
          msk_iam.authenticate CLIENT ERROR "The broker did not expect a SASL exchange now" {server, provider, error.type=listener_without_sasl, msk_iam.authentication.kind=reauthentication, msk_iam.failure.hint, msk_iam.token.age, msk_iam.token.result=hit}
        send TOPIC PRODUCER ERROR "The broker did not expect a SASL exchange now" {kafka send, error.type=listener_without_sasl, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.message.body.size=3, msk_iam.failure.hint}
          msk_iam.authenticate CLIENT {server, provider, msk_iam.authentication.kind=initial, msk_iam.token.age, msk_iam.token.result=hit}
          msk_iam.authenticate CLIENT {server, provider, msk_iam.authentication.kind=reauthentication, msk_iam.token.age, msk_iam.token.result=hit}
          msk_iam.authenticate CLIENT ERROR "The broker did not expect a SASL exchange now" {server, provider, error.type=listener_without_sasl, msk_iam.authentication.kind=reauthentication, msk_iam.failure.hint, msk_iam.token.age, msk_iam.token.result=hit}
          msk_iam.authenticate CLIENT {server, provider, msk_iam.authentication.kind=initial, msk_iam.token.age, msk_iam.token.result=hit}
          msk_iam.authenticate CLIENT {server, provider, msk_iam.authentication.kind=reauthentication, msk_iam.token.age, msk_iam.token.result=hit}
          msk_iam.authenticate CLIENT ERROR "The broker did not expect a SASL exchange now" {server, provider, error.type=listener_without_sasl, msk_iam.authentication.kind=reauthentication, msk_iam.failure.hint, msk_iam.token.age, msk_iam.token.result=hit}
      metrics:
        messaging.client.operation.duration: {error.type=listener_without_sasl, messaging.destination.name=TOPIC} 2
        messaging.client.sent.messages: {error.type=listener_without_sasl, messaging.destination.name=TOPIC} 2
        msk_iam.authentication.duration: {error.type=listener_without_sasl} 3 {} 6
        msk_iam.authentication.failures: {error.type=listener_without_sasl} 3
        msk_iam.providers: {msk_iam.refresh.background=true} 1
        msk_iam.token.age: {}
        msk_iam.token.refresh.duration: {msk_iam.refresh.trigger=first} 1
        msk_iam.token.remaining_lifetime: {}
        msk_iam.token.requests: {msk_iam.token.result=hit} 8 {msk_iam.token.result=miss} 1
    `,
  },
  {
    name: 'a session that ended before the client authenticated again',
    async run(scene) {
      const signer = gives({ token: await living(3), saysSeconds: 3 }, await living(900))
      const { producer, send } = await publishing(
        scene,
        { signer, backgroundRefresh: false },
        { reauthenticationThreshold: -60_000 },
      )
      await scene.pass(3_050)
      await scene.attempt('send', send)
      await scene.attempt('send again', send)
      await producer.disconnect()
    },
    expected: `
      send:
        KafkaJSNumberOfRetriesExceeded: Closed connection
          retriable=false retryCount=0 failure=connection_closed
          cause:
            KafkaJSConnectionClosedError: Closed connection
              retriable=true
      send again: [{"topicName":"TOPIC","partition":0,"errorCode":0,"baseOffset":"1","logAppendTime":"-1","logStartOffset":"0"}]
      spans:
        send TOPIC PRODUCER ERROR "The connection was closed from the other side" {kafka send, error.type=connection_closed, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.message.body.size=3, msk_iam.failure.hint}
          msk_iam.authenticate CLIENT {server, provider, msk_iam.authentication.kind=initial, msk_iam.token.age, msk_iam.token.result=miss}
            msk_iam.token.refresh INTERNAL {provider, msk_iam.credentials.source=custom, msk_iam.refresh.trigger=expired, msk_iam.signer.attempts=1, msk_iam.token.lifetime}
              msk_iam.token.sign INTERNAL {msk_iam.signer.attempt=1}
        send TOPIC PRODUCER {kafka send, kafka.offset=1, messaging.client.id=truth, messaging.destination.name=TOPIC, messaging.destination.partition.id=0, messaging.message.body.size=3, msk_iam.send.offsets=0:1}
      metrics:
        messaging.client.operation.duration: {error.type=connection_closed, messaging.destination.name=TOPIC} 1 {messaging.destination.name=TOPIC} 1
        messaging.client.sent.messages: {error.type=connection_closed, messaging.destination.name=TOPIC} 1 {messaging.destination.name=TOPIC} 1
        msk_iam.authentication.duration: {} 1
        msk_iam.token.age: {}
        msk_iam.token.refresh.duration: {msk_iam.refresh.trigger=expired} 1
        msk_iam.token.remaining_lifetime: {}
        msk_iam.token.requests: {msk_iam.token.result=miss} 1
    `,
  },
]
