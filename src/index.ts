export { createMskIamConnection } from './create-msk-iam-connection.ts'
export { createMskIamSasl } from './create-msk-iam-sasl.ts'
export { type ClassifiedFailure, classifyFailure } from './failures/classify.ts'
export {
  type Failure,
  KafkaIamError,
  KafkaPublishError,
  MskIamAuthenticationError,
  MskIamConfigurationError,
  MskIamTokenError,
} from './failures/errors.ts'
export {
  type ConsumerLike,
  type ConsumerOptions,
  instrumentConsumer,
} from './instrument/instrument-consumer.ts'
export { type InstrumentOptions, instrumentKafka, type KafkaLike } from './instrument/instrument-kafka.ts'
export {
  instrumentProducer,
  type ProducerLike,
  type ProducerOptions,
} from './instrument/instrument-producer.ts'
export { instrumentPublisher, type PublisherLike } from './instrument/instrument-publisher.ts'
export { publishErrorKind } from './publisher/error-kind.ts'
export { KafkaPublisher } from './publisher/kafka-publisher.ts'
export type {
  EnsuredTopic,
  HealthStatus,
  KafkaPublisherHooks,
  KafkaPublisherOptions,
  PublishableMessage,
  PublishErrorKind,
  PublisherAdmin,
  PublisherTransaction,
  PublishResult,
  TopicDescription,
  TopicSpec,
  TransactionOffsets,
} from './publisher/publisher-types.ts'
export type {
  AuthenticationProviderArgs,
  AwsCredentials,
  AwsCredentialsProvider,
  MskIamConnection,
  MskIamConnectionOptions,
  MskIamSasl,
  MskIamSaslOptions,
  MskIamSaslSnapshot,
  MskIamSigner,
  MskIamSignerRequest,
  OauthBearerToken,
  SignedToken,
  SocketFactoryArgs,
  TokenResult,
} from './types.ts'
