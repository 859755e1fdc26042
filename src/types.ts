/**
 * The public types. They name no type of an optional peer or of @types/node, so that a project that has only
 * @opentelemetry/api compiles against the root entry.
 */
export type { AuthenticationProviderArgs, SocketFactoryArgs } from './kafkajs/types.ts'
export type {
  MskIamConnection,
  MskIamConnectionOptions,
  MskIamSasl,
  MskIamSaslOptions,
  MskIamSaslSnapshot,
  OauthBearerToken,
} from './sasl/types.ts'
export type {
  AwsCredentials,
  AwsCredentialsProvider,
  MskIamSigner,
  MskIamSignerRequest,
  SignedToken,
  TokenResult,
} from './token/types.ts'
