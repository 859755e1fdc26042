import { Attribute, Span } from '../../telemetry/names.ts'
import type { SeenSpan, SeenTrace } from './trace.ts'

/** Something that the demo promises to show, and how it knows that it has. */
export interface Scene {
  readonly title: string
  readonly text: string
  /** `already`: the scenes that were shown before. */
  shows(trace: SeenTrace, already: ReadonlySet<string>): boolean
}

type Wanted = Readonly<Record<string, unknown>>

const fits = (span: SeenSpan, name: string, wanted: Wanted) =>
  (span.name === name || (name === Span.Send && span.name.startsWith('send '))) &&
  Object.entries(wanted).every(([key, value]) => span.attributes[key] === value)

const has = ({ spans }: SeenTrace, name: string, wanted: Wanted = {}) =>
  spans.some((span) => fits(span, name, wanted))

const root = ({ spans }: SeenTrace, name: string, wanted: Wanted = {}) =>
  spans.some((span) => span.parentSpanId === undefined && fits(span, name, wanted))

/** A failure with its cure and the broker's request id. */
const explained = ({ spans }: SeenTrace, name: string, code: string) =>
  spans.some(
    (span) =>
      fits(span, name, error(code)) &&
      span.attributes[Attribute.FailureHint] !== undefined &&
      span.attributes[Attribute.BrokerRequestId] !== undefined,
  )

const fine = { [Attribute.ErrorType]: undefined }
const result = (value: string) => ({ [Attribute.TokenResult]: value })
const trigger = (value: string) => ({ [Attribute.RefreshTrigger]: value })
const error = (value: string) => ({ [Attribute.ErrorType]: value })
const again = { [Attribute.AuthenticationKind]: 'reauthentication' }

/** In the order in which they are tried on a trace: a trace is shown as the first one that it fits. */
export const scenes = {
  throttled: {
    title: 'Throttled, and tried again',
    text: 'Too many clients connected in this second. kafkajs alone gives up here; with us it waits until the broker has closed the connection, and tries again.',
    shows: (trace) =>
      root(trace, Span.Connect, fine) && explained(trace, Span.Authenticate, 'too_many_connects'),
  },
  firstToken: {
    title: 'The first token',
    text: 'Three producers connect at once. The first one waits for a token: it assumes a role and signs.',
    shows: (trace) =>
      root(trace, Span.Connect, fine) &&
      has(trace, Span.TokenRefresh, trigger('first')) &&
      has(trace, Span.Authenticate, result('miss')),
  },
  joined: {
    title: 'Joined',
    text: 'The other two asked meanwhile and joined that refresh: one call of STS for three. This is one of them.',
    shows: (trace) => has(trace, Span.Authenticate, result('joined')),
  },
  callerAhead: {
    title: 'Refresh ahead, by a caller',
    text: 'reports has no timer, as in AWS Lambda. It asks shortly before its token ends: it gets that token at once, and a refresh runs beside it.',
    shows: (trace) => has(trace, Span.Authenticate, { ...result('refresh_ahead'), ...fine }),
  },
  recovered: {
    title: 'The next refresh succeeds',
    text: 'Nothing was restarted, and nothing has to be.',
    shows: (trace, already) => already.has('outage') && root(trace, Span.TokenRefresh, fine),
  },
  behind: {
    title: 'The refresh that a caller started',
    text: 'reports had asked shortly before its token ended. Nobody waits for this, so it is a trace of its own, with a link to the one who asked.',
    shows: (trace) =>
      root(trace, Span.TokenRefresh, { ...trigger('ahead'), ...fine }) &&
      trace.spans[0]?.links[0]?.name === Span.Authenticate,
  },
  stale: {
    title: 'Publishing goes on',
    text: 'A session ended in the middle of the outage. The token is stale, but it lives, so the send went through.',
    shows: (trace) => root(trace, Span.Send, fine) && has(trace, Span.Authenticate, result('stale')),
  },
  reauthentication: {
    title: 'Re-authentication',
    text: 'The session with the broker ended. The send that came next authenticated again, with the token at hand.',
    shows: (trace) =>
      root(trace, Span.Send, fine) && has(trace, Span.Authenticate, { ...again, ...result('hit'), ...fine }),
  },
  timer: {
    title: 'Refresh ahead, by the timer',
    text: 'Long before the token ends it is renewed. Nobody waits.',
    shows: (trace) => root(trace, Span.TokenRefresh, { ...trigger('timer'), ...fine }),
  },
  outage: {
    title: 'A refresh failed',
    text: 'No new credentials. The ones in hand still sign while they live, so nobody has noticed; this is what the alert counts.',
    shows: (trace) => root(trace, Span.TokenRefresh) && !root(trace, Span.TokenRefresh, fine),
  },
  denied: {
    title: 'Denied',
    text: 'A role that may not connect. The error that the code gets carries the same code, hint and request id.',
    shows: (trace) =>
      root(trace, Span.Connect, error('access_denied')) && explained(trace, Span.Connect, 'access_denied'),
  },
} satisfies Record<string, Scene>

export type SceneName = keyof typeof scenes

/** Which scene a trace is, if any. */
export function sceneOf(trace: SeenTrace, already: ReadonlySet<SceneName>): SceneName | undefined {
  const entries = Object.entries(scenes) as [SceneName, Scene][]
  return entries.find(([, scene]) => scene.shows(trace, already))?.[0]
}
