import type { Attributes } from '@opentelemetry/api'
import { failureClass } from '../failures/catalogue.ts'
import { annotate, classifyFailure } from '../failures/classify.ts'
import { withLoggerOf } from '../telemetry/connecting-logger.ts'
import { Attribute, Span } from '../telemetry/names.ts'
import { serverAttributes } from '../telemetry/server-attributes.ts'
import { type SafeSpan, withSpan } from '../telemetry/with-span.ts'
import { failureOfSockets, type SocketNote, watchSockets } from './connect-notes.ts'

/**
 * The span around a client's `connect()`. A wrong port or mechanism, DNS and TLS end before kafkajs reaches its SASL
 * hook, so only this span sees them.
 *
 * @param client whose logger is used where kafkajs has given us none yet
 */
export function observedConnect<T>(
  clientType: 'producer' | 'consumer' | 'admin',
  client: object,
  connect: () => Promise<T>,
): Promise<T> {
  const sockets: SocketNote[] = []
  return withSpan(Span.Connect, { attributes: { [Attribute.ClientType]: clientType } }, async (span) => {
    try {
      return await watchSockets(sockets, () => withLoggerOf(client, connect))
    } catch (error) {
      explain(span, error, sockets)
      throw error
    }
  })
}

/** Names the broker and, where the socket knows more than the error, the failure. */
function explain(span: SafeSpan, error: unknown, sockets: readonly SocketNote[]): void {
  const code = failureOfSockets(sockets, error instanceof Error ? error.message : '')
  const row = code === undefined ? undefined : failureClass(code)
  const failure = classifyFailure(error)
  annotate(error, row ? { ...failure, code: row.code, hint: row.hint, title: row.title } : failure)
  const broker = brokerOf(error) ?? sockets.at(-1)?.broker
  if (broker) span.set(addressOf(broker))
}

function brokerOf(error: unknown): string | undefined {
  for (let link = error, depth = 0; typeof link === 'object' && link !== null && depth < 5; depth += 1) {
    const { broker, cause } = link as { broker?: unknown; cause?: unknown }
    if (typeof broker === 'string') return broker
    link = cause
  }
  return undefined
}

/** Of `host:port`. */
function addressOf(broker: string): Attributes {
  const colon = broker.lastIndexOf(':')
  const [host, port] = [broker.slice(0, colon), Number(broker.slice(colon + 1))]
  return Number.isInteger(port) ? serverAttributes(host, port) : { [Attribute.ServerAddress]: host }
}
