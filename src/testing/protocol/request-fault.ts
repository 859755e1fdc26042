import type { Outcome } from './request.ts'

/** What goes wrong with the answer to a request that is served. */
export type AnswerFault =
  /** It, and those behind it, come later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The connection is closed in its place. */
  | { readonly kind: 'loseAcknowledgement' }
  /** So many bytes of it are sent, though never all, and then the connection ends. */
  | { readonly kind: 'cut'; readonly afterBytes: number; readonly ending: 'hang' | 'close' | 'reset' }

/** What goes wrong with one request. */
export type RequestFault =
  | AnswerFault
  /** It is not served. */
  | { readonly kind: 'hang' | 'close' | 'reset' }
  /** It is not served, and answered with this. */
  | { readonly kind: 'error'; readonly errorCode: number }

/** What becomes of a request then that was served. */
export function withFault(outcome: Outcome, fault: AnswerFault): Outcome {
  switch (fault.kind) {
    case 'delay':
      return { ...outcome, afterMs: fault.ms }
    case 'loseAcknowledgement':
      return { ending: 'close' }
    case 'cut':
      return { ...outcome, firstBytes: fault.afterBytes, ending: fault.ending }
  }
}
