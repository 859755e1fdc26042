/**
 * An outbox relay: rows that a service wrote in its own database transactions are published, and each is marked by what
 * became of it. The table is an array here. Every row carries the trace context of the request that wrote it, so its
 * message belongs to that trace. Ends when no row is left.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { context, propagation, trace } from '@opentelemetry/api'
import { KafkaPublisher, type PublishableMessage } from 'kafka-iam-otel'
import { brokers, connectionOf, startTelemetry } from './set-up.ts'

interface Row {
  readonly message: PublishableMessage & { readonly recordId: string }
  status: 'pending' | 'done' | 'dead'
  attempts: number
}

const telemetry = startTelemetry('outbox-relay')
const { sasl, ...connection } = connectionOf('outbox')
const table: Row[] = []
for (let order = 1; order <= 20; order += 1) placeOrder(order)

const publisher = new KafkaPublisher({ clientId: 'outbox-relay', brokers, sasl, ...connection })
try {
  await publisher.connect()
  for (let rows = claim(); rows.length > 0; rows = claim()) await relay(rows)
  const count = (status: Row['status']) => table.filter((row) => row.status === status).length
  console.log(`${count('done')} published, ${count('dead')} dead`)
} finally {
  await publisher.disconnect()
  sasl.close()
  await telemetry.shutdown()
}

/** A request of the service. In a real one the row is written in the transaction that stores the order. */
function placeOrder(order: number): void {
  trace.getTracer('shop').startActiveSpan('place order', (span) => {
    const headers: Record<string, string> = {}
    propagation.inject(context.active(), headers)
    // The last one is more than a broker takes.
    const value = JSON.stringify({ order, note: order === 20 ? 'x'.repeat(1_100_000) : 'tea' })
    const message = {
      recordId: `row-${order}`,
      topic: 'orders',
      key: `customer-${order % 3}`,
      value,
      headers,
    }
    table.push({ message, status: 'pending', attempts: 0 })
    span.end()
  })
}

function claim(): Row[] {
  return table.filter(({ status }) => status === 'pending').slice(0, 10)
}

async function relay(rows: readonly Row[]): Promise<void> {
  const results = await publisher.publish(rows.map(({ message }) => message))
  let pause = 0
  for (const [index, row] of rows.entries()) {
    const { ok, error, errorKind } = results[index] ?? {}
    row.attempts += 1
    if (ok) row.status = 'done'
    else if (errorKind === 'poison' || errorKind === 'fatal' || row.attempts >= 10) {
      row.status = 'dead'
      console.error(`${row.message.recordId} is dead: ${errorKind}: ${error?.message}`)
    } else {
      // It may be in the topic already: consumers tell a repetition by its id.
      pause = errorKind === 'quota' ? 5_000 : 1_000
    }
  }
  if (pause > 0) await sleep(pause)
}
