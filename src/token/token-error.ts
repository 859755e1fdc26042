import { withoutSecrets, wordsOf } from '../base/foreign-text.ts'
import { classifyFailure } from '../failures/classify.ts'
import { KafkaIamError, MskIamTokenError } from '../failures/errors.ts'

/** Whatever kept a token from being made, as an error of ours that names its class; the first error is `original`. */
export function tokenError(error: unknown): KafkaIamError {
  if (error instanceof KafkaIamError) return error
  const { code } = classifyFailure(error, 'token')
  return new MskIamTokenError(code, {
    original: error,
    ...quotable(error, code),
    // An unknown failure is not tried again.
    ...(code === '_OTHER' ? { retriable: false } : {}),
  })
}

/** The first line of what it said, unless it may quote a command's output or a response of STS. */
function quotable(error: unknown, code: string): { detail?: string } {
  if (code === 'credential_process_failed') return {}
  const message = wordsOf(error).slice(0, 4_096)
  if (/^Command failed|parse error/i.test(message)) return {}
  return { detail: withoutSecrets(message.split(/[\r\n]/, 1)[0] ?? '', 300) }
}

/**
 * The default chain says the same of an endpoint that refuses, of half a key pair, of a profile that is not there and
 * of nothing at all; the environment that it looked at tells them apart.
 */
export function chainError(error: unknown, env: NodeJS.ProcessEnv): unknown {
  if (classifyFailure(error, 'token').code !== 'credentials_not_found') return error
  return new MskIamTokenError(whichNotFound(env), { original: error, ...quotable(error, '') })
}

function whichNotFound(env: NodeJS.ProcessEnv): string {
  if (Boolean(env['AWS_ACCESS_KEY_ID']) !== Boolean(env['AWS_SECRET_ACCESS_KEY']))
    return 'credentials_incomplete'
  if (env['AWS_CONTAINER_CREDENTIALS_RELATIVE_URI'] ?? env['AWS_CONTAINER_CREDENTIALS_FULL_URI']) {
    return 'credentials_endpoint_unavailable'
  }
  return env['AWS_PROFILE'] ? 'profile_not_found' : 'credentials_not_found'
}
