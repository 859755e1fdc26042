/// <reference lib="esnext.disposable" preserve="true" />
import type { Failure } from '../failures/errors.ts'
import type { AuthenticationProviderArgs, SocketFactoryArgs } from '../kafkajs/types.ts'
import type { AwsCredentials, AwsCredentialsProvider, MskIamSigner, TokenResult } from '../token/types.ts'

interface CommonOptions {
  /** Region of the MSK cluster, for example `eu-west-1`. It is signed into every token. */
  readonly region: string
  /** Session name of an assumed role. Default: AWS_ROLE_SESSION_NAME, else `MSKSASLDefaultSession`. Keep it fixed. */
  readonly awsRoleSessionName?: string | undefined
  /** Region of the STS endpoint, in any form that the AWS SDK reads: `us-east-1-fips`, `aws-global`. Default: `region`. */
  readonly awsStsRegion?: string | undefined
  /** The SASL principal for clients that ask for one; MSK takes it from the credentials. Default `eventferry`. */
  readonly principal?: string | undefined
  /** A token with less life than this is renewed in the background. 0 to 2147483647 ms; default 60 000. */
  readonly refreshAheadMs?: number | undefined
  /** A token with less life than this is not handed out while a better one can be had. 0 to 2147483647 ms; default 30 000. */
  readonly minTokenLifeMs?: number | undefined
  /** Labels the telemetry of this provider: `msk_iam.provider.name`. Default `default`. */
  readonly name?: string | undefined
  /** Renew by an unref'd timer long before the window opens. Default true, but false in AWS Lambda. */
  readonly backgroundRefresh?: boolean | undefined
  /** Put `server.address` and `server.port` on the authentication metrics: one series for each broker. Default false. */
  readonly serverAddressOnMetrics?: boolean | undefined
}

/** At most one way to find the credentials; with none of them, the AWS SDK's default chain. */
type IdentityOptions =
  | { readonly awsProfile?: undefined; readonly awsRoleArn?: undefined; readonly credentials?: undefined }
  /** A profile of ~/.aws/config or ~/.aws/credentials. */
  | { readonly awsProfile: string; readonly awsRoleArn?: undefined; readonly credentials?: undefined }
  /** A role to assume with the credentials of the default chain. */
  | { readonly awsRoleArn: string; readonly awsProfile?: undefined; readonly credentials?: undefined }
  /** Credentials, or a provider of the AWS SDK. */
  | {
      readonly credentials: AwsCredentials | AwsCredentialsProvider
      readonly awsProfile?: undefined
      readonly awsRoleArn?: undefined
      readonly signer?: undefined
    }

export type MskIamSaslOptions = CommonOptions &
  IdentityOptions & {
    /** Makes the tokens in place of aws-msk-iam-sasl-signer-js; nothing of AWS is imported then. */
    readonly signer?: MskIamSigner | undefined
  }

/** What kafkajs, confluent's kafkajs-style API and @eventferry/kafka are given for a token. */
export interface OauthBearerToken {
  /** The token. It is a secret as long as it lives. */
  readonly value: string
  readonly principal: string
  /** When the token ends: absolute, epoch ms. */
  readonly lifetime: number
}

/** A plain snapshot, for health endpoints. It holds no secret. */
export interface MskIamSaslSnapshot {
  readonly name: string
  readonly region: string
  readonly closed: boolean
  /** The current token; undefined where there is none. */
  readonly token?: { readonly ageSeconds: number; readonly remainingSeconds: number }
  /** Life of the AWS credentials, where they say. */
  readonly credentialsRemainingSeconds?: number
  readonly consecutiveFailures: number
  /** Calls of the provider so far, by what they got. */
  readonly requests: Readonly<Record<TokenResult, number>>
  readonly lastFailure?: Failure & { readonly at: string }
}

/** The `sasl` block of a Kafka client. Its functions are bound: they can be passed around. */
export interface MskIamSasl {
  readonly mechanism: 'oauthbearer'
  /** The current token, or a new one where there is none to hand out. Rejects with MskIamTokenError. */
  readonly oauthBearerProvider: () => Promise<OauthBearerToken>
  /**
   * kafkajs's hook: one authentication with one broker. It rejects with MskIamTokenError, MskIamAuthenticationError or
   * what kafkajs threw.
   */
  readonly authenticationProvider: (args: AuthenticationProviderArgs) => { authenticate: () => Promise<void> }
  /** How the token is doing. */
  readonly inspect: () => MskIamSaslSnapshot
  /** Stops the timer and the refresh under way; whoever waits gets `provider_closed`. May be called twice. */
  readonly close: () => void
  readonly [Symbol.asyncDispose]: () => Promise<void>
}

export type MskIamConnectionOptions<Ssl extends object = object> = MskIamSaslOptions & {
  /** TLS settings (node:tls), for a private CA for example. Default true. */
  readonly ssl?: true | Ssl | undefined
  /** How long a broker may take for its answers to one authentication, ms; then the connection is closed. Default 10 000. */
  readonly authenticationTimeout?: number | undefined
}

/** What to spread into `new Kafka({ … })`. */
export interface MskIamConnection<Ssl extends object = object> {
  readonly ssl: true | Ssl
  readonly sasl: MskIamSasl
  /** Gives a net.Socket. */
  // biome-ignore lint/suspicious/noExplicitAny: net.Socket would need @types/node in every project
  readonly socketFactory: (args: SocketFactoryArgs) => any
  /** 10 000 ms; kafkajs's own is 1 000. */
  readonly connectionTimeout: number
  /** As given. Default 10 000 ms, as kafkajs's own. */
  readonly authenticationTimeout: number
  /** 10 000 ms, as kafkajs's own: a connection authenticates again when its session has less life than this. */
  readonly reauthenticationThreshold: number
}
