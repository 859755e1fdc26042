import { guarded, warn } from '../telemetry/guard.ts'

/**
 * @opentelemetry/instrumentation-kafkajs wraps `send`, `sendBatch` and `transaction` of each producer, and `run` of each
 * consumer, that kafkajs creates. Beside it every send would have two kinds of spans, and every message would be counted
 * twice. Ours are kept, since only they have the code of a failure, its hint, the broker's request id and the partitions:
 * where one of these methods is called, the one that it wraps is called in its place.
 */
type Method = (...args: never[]) => unknown

/** What OpenTelemetry's `shimmer` makes of a method. */
interface Wrapped {
  readonly __wrapped?: unknown
  readonly __original?: unknown
  readonly __unwrap?: unknown
}

/** In the source of each of its wrappers, minified or not, in all its versions up to 0.33. */
const THEIR_CALLS =
  /\._startProducerSpan\(|\.tracer\.startSpan\(.transaction|\._getConsumerEachMessagePatch\(/
/** The description of a symbol that it sets on each client that it has wrapped. Its copy in Sentry 10 does not. */
const THEIR_MARK = 'opentelemetry.instrumentation.kafkajs.eventListenersSet'

const LINE =
  '@opentelemetry/instrumentation-kafkajs is active too. Its spans and its message counts of instrumented clients are ' +
  'left out, in favor of those of kafka-iam-otel, and its producerHook and consumerHook are not called. Its ' +
  'messaging.client.operation.duration of each Kafka request is kept. To turn it off, set ' +
  'OTEL_NODE_DISABLED_INSTRUMENTATIONS=kafkajs.'
const HIDDEN_LINE =
  '@opentelemetry/instrumentation-kafkajs is active too, and cannot be left out of a client whose methods were ' +
  'replaced before it was instrumented: its spans are recorded beside those of kafka-iam-otel, and messages are ' +
  'counted by it alone. Replace methods after instrumenting the client, or set ' +
  'OTEL_NODE_DISABLED_INSTRUMENTATIONS=kafkajs.'

const known = new WeakMap<Method, Method>()

/** The method of a client without the other instrumentation. What somebody else made of it is left as it is. */
export function withoutOther<M extends Method>(client: object, method: M): M {
  const found = known.get(method)
  if (found) return found as M
  const plain = guarded('looking for another instrumentation', () => beneath(client, method), method)
  known.set(method, plain)
  return plain as M
}

function beneath(client: object, method: Method): Method {
  if (!hasTheirMark(client)) return method
  let plain = method
  // Registered twice, it wraps itself.
  while (isTheirs(plain)) plain = plain.__original
  return plain
}

/** Takes the other instrumentation off a client that nobody else has. */
export function removeOther<C extends object>(client: C, methods: readonly (keyof C & string)[]): C {
  reportOther(client, methods)
  for (const name of methods) {
    const method = client[name]
    if (typeof method === 'function') client[name] = withoutOther(client, method as Method) as C[typeof name]
  }
  return client
}

/**
 * Whether the other instrumentation records what goes through this method of a client, and cannot be left out: somebody
 * has replaced the method since, and calls it from there.
 */
export const isRecordedByOther = (client: object, method: string): boolean =>
  guarded('looking for another instrumentation', () => isHidden(client, method), false)

/** Reports once for the process what becomes of the other instrumentation, on `diag` and in the log of the client. */
export function reportOther<C extends object>(client: C, methods: readonly (keyof C & string)[]): void {
  guarded(
    'looking for another instrumentation',
    () => {
      if (!hasTheirMark(client)) return
      say(methods.some((name) => isHidden(client, name)) ? HIDDEN_LINE : LINE, client)
    },
    undefined,
  )
}

const said = new Set<string>()

function say(line: string, client: { logger?: () => { warn?: (line: string) => void } }): void {
  if (said.has(line)) return
  said.add(line)
  warn(line)
  guarded("writing to a client's log", () => client.logger?.().warn?.(`kafka-iam-otel: ${line}`), undefined)
}

function isHidden(client: object, name: string): boolean {
  const method: unknown = Reflect.get(client, name)
  return typeof method === 'function' && hasTheirMark(client) && !isTheirs(method)
}

const hasTheirMark = (client: object): boolean =>
  Object.getOwnPropertySymbols(client).some(({ description }) => description === THEIR_MARK)

/** Others mark what they wrap with the same library in the same way: only its source shows whose it is. */
function isTheirs(method: unknown): method is Method & { readonly __original: Method } {
  if (typeof method !== 'function') return false
  const { __wrapped, __original, __unwrap } = method as Wrapped
  return (
    __wrapped === true &&
    typeof __original === 'function' &&
    typeof __unwrap === 'function' &&
    THEIR_CALLS.test(Function.prototype.toString.call(method))
  )
}
