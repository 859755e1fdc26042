/** The refusals of AWS's STS, in its own codes and texts: what the AWS SDK and its users meet. */

/** A fault that is an answer of AWS. */
export type StsRefusal =
  | 'deny'
  | 'throttle'
  | 'error'
  | 'expired-token'
  | 'invalid-identity-token'
  | 'clock-skew'

/** An error as AWS answers it. */
export interface AwsError {
  readonly status: number
  readonly code: string
  readonly message: string
}

/** What of a request the texts speak of. */
interface Asked {
  readonly action: string
  readonly roleArn: string | undefined
}

export const ACCOUNT = '123456789012'
const WEB_IDENTITY = 'AssumeRoleWithWebIdentity'
const MINUTE = 60_000

export function awsErrorOf(fault: StsRefusal, asked: Asked, now: number): AwsError {
  switch (fault) {
    case 'deny':
      return { status: 403, code: 'AccessDenied', message: denial(asked) }
    case 'throttle':
      return { status: 400, code: 'Throttling', message: 'Rate exceeded' }
    case 'error':
      return { status: 500, code: 'InternalFailure', message: 'An internal error has occurred' }
    case 'expired-token':
      return expired(asked)
    case 'invalid-identity-token': {
      const provider = 'https://oidc.eks.eu-west-1.amazonaws.com/id/LOCAL'
      const message = `No OpenIDConnect provider found in your account for ${provider}`
      return { status: 400, code: 'InvalidIdentityToken', message }
    }
    case 'clock-skew': {
      const [signed, earliest, server] = [now - 20 * MINUTE, now - 15 * MINUTE, now].map(basicDate)
      const message = `Signature expired: ${signed} is now earlier than ${earliest} (${server} - 15 min.)`
      return { status: 403, code: 'SignatureDoesNotMatch', message }
    }
  }
}

export function unknownAction(action: string): AwsError {
  const message = `Could not find operation ${action} for version 2011-06-15`
  return { status: 400, code: 'InvalidAction', message }
}

function denial({ action, roleArn }: Asked): string {
  if (action === WEB_IDENTITY) return `Not authorized to perform sts:${WEB_IDENTITY}`
  const resource = roleArn === undefined ? '' : ` on resource: ${roleArn}`
  return `User: arn:aws:iam::${ACCOUNT}:user/local is not authorized to perform: sts:${action}${resource}`
}

/** Of a web identity it is the identity's token that has expired, else the session token of the caller's keys. */
function expired({ action }: Asked): AwsError {
  if (action === WEB_IDENTITY) {
    const message = 'Token expired: current date/time must be before the expiration date/time'
    return { status: 400, code: 'ExpiredTokenException', message }
  }
  const message = 'The security token included in the request is expired'
  return { status: 403, code: 'ExpiredToken', message }
}

/** 20261122T184500Z, as AWS writes dates into this message. */
function basicDate(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '')
}
