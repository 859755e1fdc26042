/**
 * MSK's words, without the request id before them (`[uuid]: Access denied`). `Access denied` for a missing permission
 * and `Invalid authentication payload` for a wrong signature were reported by users. Which of the two MSK says to the
 * other faults that the verifier finds is assumed, and marked so there. It never says `Session too short` of its own:
 * users reported the text, but nobody how much life is too little; it is for scripted faults.
 */
export type RefusalText = 'Access denied' | 'Invalid authentication payload' | 'Session too short'

/** A token that the broker does not take. */
export class TokenRefused extends Error {
  override readonly name = 'TokenRefused'
  /** For the client, which MSK tells no more than this. */
  readonly text: RefusalText
  /** For the broker's log. Neither the token nor a key is ever in it. */
  readonly reason: string

  constructor(text: RefusalText, reason: string) {
    super(`${text} (${reason})`)
    this.text = text
    this.reason = reason
  }
}

export const accessDenied = (reason: string): TokenRefused => new TokenRefused('Access denied', reason)

export const invalidPayload = (reason: string): TokenRefused =>
  new TokenRefused('Invalid authentication payload', reason)
