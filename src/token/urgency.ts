import type { Token } from './token.ts'

/** How early a token is replaced. */
export interface RefreshPolicy {
  /** A token with less remaining lifetime than this, ms, is renewed in the background. */
  readonly refreshAheadMs: number
  /** A token with less remaining lifetime than this, ms, is not handed out while a better one can be had. */
  readonly minTokenLifeMs: number
}

/**
 * How urgently a token has to be replaced:
 *
 *     received               window opens              floor                end
 *        |------- fresh ----------|------- should -------|------- must -------|--- must ---
 *        handed out at once        handed out at once,     the caller waits     the caller waits
 *                                  and a refresh runs      for a new one; this
 *                                  in the background       one if that fails
 *
 * The window opens `refreshAheadMs` before the end and the floor is `minTokenLifeMs` before it, but with short tokens
 * at three quarters and three fifths of their lifetime before it, so that a new one is fresh for a while.
 */
export type Urgency = 'fresh' | 'should' | 'must'

/** A moment on both clocks; it has come when either of them says so: one can jump, the other stands still in a sleep. */
export interface Moment {
  /** Epoch ms. */
  readonly wall: number
  readonly monotonic: number
}

/** The moments at which the urgency of a token changes. They are known as soon as it is received. */
export interface Changes {
  readonly windowOpens: Moment
  readonly floor: Moment
}

export function changesOf(token: Token, policy: RefreshPolicy): Changes {
  const floor = Math.min(policy.minTokenLifeMs, 0.6 * token.lifetime)
  const window = Math.max(Math.min(policy.refreshAheadMs, 0.75 * token.lifetime), floor)
  return { windowOpens: beforeEnd(token, window), floor: beforeEnd(token, floor) }
}

/** @param wall epoch ms; with `monotonic`, now on both clocks */
export function urgency({ windowOpens, floor }: Changes, wall: number, monotonic: number): Urgency {
  if (wall < windowOpens.wall && monotonic < windowOpens.monotonic) return 'fresh'
  return wall < floor.wall && monotonic < floor.monotonic ? 'should' : 'must'
}

/** Ms until a moment comes, on the clock that says it is sooner; negative after it. */
export const until = (moment: Moment, wall: number, monotonic: number): number =>
  Math.min(moment.wall - wall, moment.monotonic - monotonic)

const beforeEnd = ({ expiresAt, receivedAtMonotonic, lifetime }: Token, ms: number): Moment => ({
  wall: expiresAt - ms,
  monotonic: receivedAtMonotonic + lifetime - ms,
})
