import { requestTimedOut, type TimedOutRequest } from '../messaging/timed-out-requests.ts'
import { guarded } from '../telemetry/guard.ts'

/** What is used of a client, where it has it. */
interface Client {
  on?(event: string, listener: (event: { payload?: Partial<TimedOutRequest> }) => void): unknown
  readonly events?: { readonly REQUEST_TIMEOUT?: string }
}

/** Clients that are listened to: once, however often they are instrumented. */
const heard = new WeakSet<object>()

/** Lets the connections of a client know which of their requests it has given up. */
export function passOnTimeouts(given: object): void {
  if (heard.has(given)) return
  heard.add(given)
  const client = given as Client
  guarded(
    'listening to a client',
    () => {
      const event = client.events?.REQUEST_TIMEOUT
      if (event && client.on) client.on(event, ({ payload }) => payload && requestTimedOut(payload))
    },
    undefined,
  )
}
