import type { Arrangement } from './clients.ts'
import type { Difference } from './compare.ts'
import type { SdkKind } from './sdk.ts'

export interface Compared extends Arrangement {
  readonly sdk: SdkKind
}

/** A difference that we make on purpose. */
export interface Intended {
  readonly name: string
  readonly reason: string
  is(difference: Difference, compared: Compared): boolean
  /** What else is different in the same program follows from it. */
  readonly hasConsequences?: true
}

/** The fields of W3C's propagators. */
const OUR_HEADERS = ['traceparent', 'tracestate', 'baggage']
const TRACEPARENT = /\b[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\b/

const isOurs = (name: unknown): boolean => OUR_HEADERS.includes(String(name).toLowerCase())

/** Lists of `name: value`, as they are stored, or an object, as callbacks see it. */
function namesOf(headers: unknown): readonly unknown[] {
  if (Array.isArray(headers)) return headers.map((header) => String(header).split(':')[0])
  return typeof headers === 'object' && headers !== null ? Object.keys(headers) : ['no headers']
}

/** A message in a callback, or in a topic, whose context is injected by us. */
const isInjected = ({ client, sdk }: Compared): boolean => client === 'wrapped' && sdk !== 'none'

export const INTENDED: readonly Intended[] = [
  {
    name: 'our header',
    reason:
      'A message carries the context of its send span, by whatever propagator is configured, unless it carries a valid one.',
    is: ({ path, bare, other }, compared) => {
      const at = path.lastIndexOf('headers')
      if (!isInjected(compared) || at < 0) return false
      // A hostile SDK may not find the context that a message carries.
      if (compared.sdk !== 'hostile' && TRACEPARENT.test(JSON.stringify(bare) ?? '')) return false
      const name = path[0] === 'stored' ? namesOf([other ?? bare])[0] : path[at + 1]
      if (name !== undefined) return isOurs(name)
      // No headers before, or what are none.
      return namesOf(other).some(isOurs)
    },
  },
  {
    name: 'a message that carries our header is a copy',
    reason:
      'The message of the caller stays as it is, so a partitioner is given a copy with the header, in plain headers.',
    is: ({ path, bare, other }, compared) => {
      if (!isInjected(compared) || path[0] !== 'callbacks') return false
      if (path.at(-1) === 'own') return bare === true && other === false
      if (path.at(-1) === '<class>') return other === undefined
      // What headers inherit is never sent: kafkajs takes their own.
      return bare === '<cyclic>' || (path.includes('headers') && other === undefined)
    },
  },
  {
    name: '`failure` beside an error',
    reason: 'Whoever catches an error of kafkajs can read its code and hint: the property is documented.',
    is: ({ path, bare, other }, { client }) =>
      client === 'wrapped' && path.at(-2) === 'fields' && bare === undefined && other === 'failure',
  },
  {
    name: 'our line on a failed authentication names the trace',
    reason: 'A reader of the log finds the trace by it. The line itself comes with the connection block.',
    is: ({ path, bare }, { client, sdk }) =>
      client === 'wrapped' &&
      sdk !== 'none' &&
      path[0] === 'logs' &&
      path.at(-1) === 'traceId' &&
      bare === undefined,
  },
  {
    name: 'our line on a first handshake that fails',
    reason:
      'kafkajs has not handed out its logger then. An instrumented client lends its own, so that the cause is in the log.',
    is: ({ path, bare, other }, { client }) =>
      client === 'wrapped' &&
      path[0] === 'logs' &&
      bare === undefined &&
      /"SaslAuthenticator-OAUTHBEARER","label":"ERROR".*"docs":/.test(JSON.stringify(other)),
  },
  {
    name: 'a silent connection is closed when a request times out on it',
    reason:
      'kafkajs stays on a connection from which nothing comes any more, and send after send fails; ours opens another one.',
    is: ({ other }, { client }) =>
      client === 'wrapped' &&
      JSON.stringify(other)?.includes('Nothing has come from the broker since a request was written') ===
        true,
    hasConsequences: true,
  },
  {
    name: 'what wraps a frozen client can be written to',
    reason:
      'A wrapper is an object of its own: what is written to it stays on it, and the frozen client stays as it is.',
    is: ({ path }, { client }) =>
      client === 'wrapped' && path.some((key) => /^\d+ (replace|inspect) .* of frozen$/.test(key)),
    hasConsequences: true,
  },
  {
    name: 'a function in a field of a class is bound',
    reason:
      'Methods of a message that is an instance of a class run on it, since they may need its private fields.',
    is: ({ path, other }, compared) =>
      isInjected(compared) &&
      path.at(-1) === 'message' &&
      String(other).includes('function () { [native code] }'),
  },
  {
    name: "V8's words for what cannot be written",
    reason:
      'Of a refused write, the language says of a Proxy that its trap refused; it may not throw words of its own.',
    is: ({ path, bare, other }, { client }) =>
      client === 'wrapped' &&
      path.at(-1) === 'message' &&
      /^Cannot (add|assign|define|delete|redefine)/.test(String(bare)) &&
      /on proxy: trap returned falsish/.test(String(other)),
  },
  {
    name: 'members of a class are own properties of what wraps its instance',
    reason:
      'They are not enumerable. What spies on a method looks for it along the prototypes, and would find there the one that is not replaced.',
    is: ({ path }, { client }) =>
      client === 'wrapped' &&
      path.some((key) => /^\d+ inspect (own names|own property|descriptor) .* of (sub)?class$/.test(key)),
  },
  {
    name: 'and so they can be written to where the instance is sealed',
    reason:
      'A method of a class is no property of its instance: sealed, that takes none, and the wrapper has it.',
    is: ({ path }, { client }) =>
      client === 'wrapped' && path.some((key) => /^\d+ replace \w+ of (sub)?class$/.test(key)),
    hasConsequences: true,
  },
  {
    name: "kafkajs's own authenticator logs for debugging",
    reason: 'The authentication is ours, and is a span in place of two lines at DEBUG.',
    is: ({ path, bare, other }, { connection }) =>
      connection === 'official' &&
      path[0] === 'logs' &&
      /"SaslAuthenticator-OAUTHBEARER","label":"DEBUG"/.test(JSON.stringify(bare ?? other)),
  },
]
