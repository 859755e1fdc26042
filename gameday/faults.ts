/** The faults of a game day, in the order in which they are injected: those whose alerts take longest come first. */
import { clearFault, setFault } from '../scripts/fault.ts'
import type { Fault } from './fault.ts'
import { broker, noWrite, quota, started, stopped, sts } from './switches.ts'

const worker = 'examples/consumer-worker.ts' as const
/** The longest window of a rule about refusals is 15 minutes. */
const refused = { alertsWithin: 5, resolvesWithin: 25 }

export const faults: readonly Fault[] = [
  {
    name: 'worker-slow',
    what: 'a handler takes 1 s for each order',
    alert: 'MskIamConsumerBehind',
    service: { program: worker },
    ...started({ SECONDS_PER_ORDER: '1' }),
    alertsWithin: 35,
    resolvesWithin: 15,
  },
  {
    name: 'sts-flaky',
    what: 'STS fails every other request; processes of 45 s',
    alert: 'MskIamSignerRetriesRising',
    code: 'sts_unreachable',
    // Only a process without credentials waits for a retry: one that has some goes on with them.
    service: { processSeconds: 45 },
    inject: ({ door }) => {
      door.flaky = true
    },
    clear: ({ door }) => {
      door.flaky = false
    },
    // Two quarters of an hour in a row, and 5 minutes.
    alertsWithin: 40,
    resolvesWithin: 40,
  },
  {
    name: 'sts-down',
    what: 'STS does not answer, until the alert; 10 orders a second',
    alert: 'MskIamTokenRefreshFailing',
    code: 'sts_unreachable',
    service: { ordersPerSecond: 10 },
    ...sts('down'),
    alertsWithin: 16,
    resolvesWithin: 15,
    promises: { mostLost: 0, leastTokenSeconds: 120 },
  },
  {
    name: 'sts-down-long',
    what: 'STS does not answer, until the token is nearly over',
    alert: 'MskIamTokenExpiring',
    code: 'sts_unreachable',
    service: {},
    ...sts('down'),
    alertsWithin: 16,
    resolvesWithin: 15,
    promises: { mostLost: 0 },
  },
  {
    name: 'sts-deny',
    what: 'STS refuses the role; credentials of 10 minutes',
    alert: 'MskIamCredentialsExpiring',
    code: 'web_identity_denied',
    service: { credentialSeconds: 600 },
    ...sts('deny'),
    alertsWithin: 12,
    resolvesWithin: 10,
    promises: { mostLost: 0 },
  },
  {
    name: 'killed',
    what: 'the process is killed (SIGKILL)',
    alert: 'MskIamTelemetryMissing',
    service: {},
    inject: ({ process }) => process.stop('SIGKILL'),
    clear: (subject) => subject.restart(),
    alertsWithin: 25,
    resolvesWithin: 10,
  },
  {
    name: 'quota',
    what: 'a producer quota of 40 bytes a second',
    alert: 'MskIamPublishSlow',
    service: {},
    ...quota(40),
    alertsWithin: 20,
    resolvesWithin: 25,
  },
  {
    name: 'short-session',
    what: 'sessions of 12 s',
    alert: 'MskIamReauthenticationStorm',
    service: {},
    ...broker('short-session'),
    alertsWithin: 30,
    resolvesWithin: 20,
  },
  {
    name: 'throttle',
    what: '`Too many connects`',
    alert: 'MskIamConnectionThrottled',
    code: 'too_many_connects',
    service: {},
    ...broker('throttle'),
    alertsWithin: 25,
    resolvesWithin: 25,
  },
  {
    name: 'worker-denied',
    what: '`Access denied` to a consumer',
    alert: 'MskIamConsumerEnded',
    code: 'access_denied',
    service: { program: 'gameday/careless-worker.ts' },
    inject: ({ principal }) => setFault('deny', { principal }),
    // kafkajs does not start its consumer again: only a new process helps.
    async clear(subject) {
      clearFault({ principal: subject.principal })
      await subject.restart()
    },
    alertsWithin: 12,
    resolvesWithin: 15,
  },
  {
    name: 'worker-rejects',
    what: 'a handler throws for each order',
    alert: 'MskIamConsumerCrashing',
    code: 'OrderRejected',
    service: { program: worker },
    ...started({ REJECT_ORDERS: 'true' }),
    alertsWithin: 10,
    resolvesWithin: 25,
  },
  {
    name: 'deny',
    what: '`Access denied`',
    alert: 'MskIamAuthenticationRefused',
    code: 'access_denied',
    service: {},
    ...broker('deny'),
    ...refused,
  },
  {
    name: 'invalid-signature',
    what: '`Invalid authentication payload`',
    alert: 'MskIamAuthenticationRefused',
    code: 'invalid_signature',
    service: {},
    ...broker('invalid-signature'),
    ...refused,
  },
  {
    name: 'principal-change',
    what: 'the principal changes',
    alert: 'MskIamAuthenticationRefused',
    code: 'principal_changed',
    service: {},
    ...broker('principal-change'),
    ...refused,
  },
  {
    name: 'no-write',
    what: 'an ACL takes the right to write',
    alert: 'MskIamPublishFailing',
    code: 'TOPIC_AUTHORIZATION_FAILED',
    service: {},
    ...noWrite,
    alertsWithin: 8,
    resolvesWithin: 15,
  },
  {
    name: 'collector-stopped',
    what: 'the collector is stopped',
    alert: 'MskIamCollectorDown',
    service: {},
    ...stopped('collector'),
    alertsWithin: 6,
    resolvesWithin: 5,
    everybody: { alertOfService: false },
  },
  {
    name: 'broker-stopped',
    what: 'the broker is stopped',
    alert: 'MskIamPublishFailing',
    code: 'connection_refused',
    service: {},
    ...stopped('kafka'),
    alertsWithin: 15,
    resolvesWithin: 15,
    everybody: { alertOfService: true },
  },
]

/** Alerts that no fault of these raises, and why. */
export const notRun: Readonly<Record<string, string>> = {
  MskIamTokenNotRefreshed: 'a timer that is gone is a defect of the library: there is no switch for it',
  MskIamPublishFailingSlowly: 'no fault of its own, it fires beside others',
  MskIamTelemetryDropped: 'the collector gives up only after 15 minutes, or 20 000 spans, without Jaeger',
}
