import { onTestFinished } from 'vitest'
import { createMskIamSasl, type MskIamSasl } from '../../src/index.ts'
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/testing/index.ts'
import { asText } from '../../src/testing/protocol/cluster.ts'

/** A sandbox, and a provider whose tokens it takes, unless another secret key signs them. Both end with the test. */
export async function start(
  options: SandboxOptions = {},
  keys: { secretAccessKey?: string } = {},
  // A concurrent test has one of its own.
  finished: typeof onTestFinished = onTestFinished,
): Promise<{ sandbox: Sandbox; sasl: MskIamSasl }> {
  const sandbox = await startSandbox({ brokers: 2, topics: { orders: 3 }, ...options })
  const sasl = createMskIamSasl({ region: sandbox.region, credentials: { ...sandbox.credentials, ...keys } })
  finished(async () => {
    sasl.close()
    await sandbox.close()
  })
  return { sandbox, sasl }
}

/** What was published, as text and without what no test could know; partition by partition. */
export const published = (sandbox: Sandbox, topic = 'orders') =>
  sandbox
    .messages(topic)
    .map(asText)
    .map(({ partition, offset, key, value, headers }) => ({ partition, offset, key, value, headers }))
    .sort((one, other) => one.partition - other.partition || one.offset - other.offset)

export const values = (sandbox: Sandbox, topic = 'orders') =>
  published(sandbox, topic).map(({ value }) => value)

/** Thirty orders, ten for each of three partitions, and how they should be found. */
export const orders = Array.from({ length: 30 }, (_, index) => ({
  partition: index % 3,
  key: `order-${index}`,
  value: `tea ${index}`,
  headers: { trace: `t-${index}` },
}))
export const ordersPublished = [0, 1, 2].flatMap((partition) =>
  orders.filter((order) => order.partition === partition).map((order, offset) => ({ ...order, offset })),
)

/** More than a broker takes in one batch, unless it is compressed. */
export const large = 'Earl Grey, Darjeeling, Assam; '.repeat(50_000)

/** Who has authenticated, and how that went, without those that came again. */
export const outcomes = (sandbox: Sandbox) => [
  ...new Set(sandbox.authentications.map(({ principal, outcome }) => `${principal}: ${outcome}`)),
]

export const reauthentications = (sandbox: Sandbox) =>
  sandbox.authentications.filter(({ kind, outcome }) => kind === 'reauthentication' && outcome === 'accepted')
