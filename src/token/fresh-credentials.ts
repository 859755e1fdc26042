import { type Runtime, wait } from '../base/clocks-and-timers.ts'
import { MskIamTokenError } from '../failures/errors.ts'
import type { AwsCredentials } from './types.ts'

/** Gets credentials from their source; providers that remember are told not to. */
export type AskForCredentials = (options: { forceRefresh: boolean }) => Promise<AwsCredentials>

/** Credentials in use, and what asking for newer ones brought. */
export interface HeldCredentials {
  readonly credentials: AwsCredentials
  /** Newer ones could not be had; these are the ones from before. */
  readonly staleBecause?: unknown
}

/**
 * With less life than this, every refresh of a token asks for newer credentials: a token would end with them, before its
 * own 15 minutes. An outage of STS then shows while there are minutes left to act.
 */
const RENEW_BELOW_MS = 900_000
/** Nobody waits longer than this for newer credentials while the old ones still live. */
const RENEW_PATIENCE_MS = 2_000

/**
 * One memory of credentials, in place of the AWS SDK's: that one refreshes only in the last five minutes and swallows
 * the errors, so that signing goes on "succeeding" with ever shorter tokens. Here an error is told while there is life
 * left, and the credentials that still live stay in use.
 */
export class CredentialsMemory {
  readonly #ask: AskForCredentials
  readonly #runtime: Runtime
  #held: AwsCredentials | undefined

  constructor(ask: AskForCredentials, runtime: Runtime) {
    this.#ask = ask
    this.#runtime = runtime
  }

  /** @param anew the broker has refused what was signed with the ones that are held */
  async get(anew: boolean): Promise<HeldCredentials> {
    const held = this.#held
    const left = this.remainingLife()
    if (held && !anew && left !== undefined && left > RENEW_BELOW_MS) return { credentials: held }
    const asked = this.#ask({ forceRefresh: true }).then((answer) => this.#hold(answer))
    if (!held || (left !== undefined && left <= 0)) return asked
    // From here on the old ones are good enough, so the source has little time; what it says later is kept for next time.
    const patience = new AbortController()
    const late = wait(this.#runtime, RENEW_PATIENCE_MS, patience.signal).then(() => {
      throw new MskIamTokenError('signer_timeout', {
        detail: `no newer credentials within ${RENEW_PATIENCE_MS} ms`,
      })
    })
    try {
      return await Promise.race([asked, late])
    } catch (error) {
      asked.catch(() => undefined)
      return { credentials: held, staleBecause: error }
    } finally {
      late.catch(() => undefined)
      patience.abort()
    }
  }

  /** Ms; undefined where the credentials do not say, or there are none yet. */
  remainingLife(): number | undefined {
    const end = this.#held && endOf(this.#held)
    return end === undefined ? undefined : end - this.#runtime.now()
  }

  #hold(credentials: AwsCredentials): HeldCredentials {
    this.#held = credentials
    if (!('originalExpiration' in credentials)) return { credentials }
    // The SDK lengthens the life of instance credentials by itself while their endpoint is down.
    return { credentials, staleBecause: new MskIamTokenError('credentials_endpoint_unavailable') }
  }
}

/** Epoch ms: when they really end, also where the SDK has put a later date on them. */
function endOf(credentials: AwsCredentials & { originalExpiration?: Date }): number | undefined {
  const { expiration, originalExpiration } = credentials
  const ends = [expiration, originalExpiration]
    .filter((date) => date !== undefined)
    .map((date) => new Date(date).getTime())
  const known = ends.filter((end) => !Number.isNaN(end))
  return known.length === 0 ? undefined : Math.min(...known)
}
