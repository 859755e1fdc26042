export type { AuthenticationProviderArgs } from './authentication/authenticator.ts'
export type { SocketFactoryArgs } from './authentication/observed-socket.ts'
export { type ClassifiedFailure, classifyFailure } from './failures/classify.ts'
export {
  type Failure,
  KafkaIamError,
  MskIamAuthenticationError,
  MskIamConfigurationError,
  MskIamTokenError,
} from './failures/errors.ts'
export {
  createMskIamConnection,
  type MskIamConnection,
  type MskIamConnectionOptions,
} from './msk-iam-connection.ts'
export {
  createMskIamSasl,
  type MskIamSasl,
  type MskIamSaslSnapshot,
  type OauthBearerToken,
} from './msk-iam-sasl.ts'
export type { MskIamSaslOptions } from './options.ts'
export { instrumentKafka, type KafkaLike } from './publisher/instrument-kafka.ts'
export { instrumentProducer, type ProducerLike } from './publisher/instrument-producer.ts'
export type { AwsCredentials, AwsCredentialsProvider } from './token/credentials.ts'
export type { MskIamSigner, MskIamSignerRequest } from './token/signer.ts'
export type { SignedToken } from './token/token.ts'
export type { TokenResult } from './token/token-metrics.ts'
