import { afterEach, describe, expect, test, vi } from 'vitest'
import { startLocalSts, startSandbox } from '../../src/testing/index.ts'
import { service, tea } from './service.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('the sandbox', () => {
  test.each([false, true])('takes what a service publishes, and shows it (TLS: %s)', async (tls) => {
    await using sandbox = await startSandbox({ tls, brokers: 2, topics: { orders: 3 } })
    const producer = service(sandbox).kafka.producer({ idempotent: true })
    await producer.connect()
    await producer.send(tea)
    await producer.disconnect()
    expect(sandbox.messages('orders').map(({ key, value }) => [key?.toString(), value?.toString()])).toEqual([
      ['order-1', 'tea'],
    ])
    expect(sandbox.authentications[0]).toMatchObject({
      kind: 'initial',
      principal: 'sandbox',
      outcome: 'accepted',
    })
    expect(sandbox.unsupported).toEqual([])
  })

  test('refuses a token that was signed with another key, or for another region', async () => {
    await using sandbox = await startSandbox()
    const other = { accessKeyId: sandbox.credentials.accessKeyId, secretAccessKey: 'another' }
    const retry = { retry: { retries: 0 } }
    await expect(
      service(sandbox, { credentials: other }, retry).kafka.admin().connect(),
    ).rejects.toMatchObject({
      failure: { code: 'invalid_signature' },
    })
    await expect(
      service(sandbox, { region: 'us-east-1' }, retry).kafka.admin().connect(),
    ).rejects.toMatchObject({
      failure: { code: 'invalid_signature' },
    })
  })

  test('knows who may not connect, and a key that was added while it runs', async () => {
    const identities = [
      { principal: 'audit', accessKeyId: 'AKIASANDBOXAUDIT0001', secretAccessKey: 'x', permissions: {} },
    ]
    await using sandbox = await startSandbox({ identities })
    await expect(service(sandbox).kafka.admin().connect()).rejects.toMatchObject({
      failure: { code: 'access_denied' },
    })
    sandbox.identities.add({ principal: 'orders', accessKeyId: 'AKIASANDBOXORDERS001', secretAccessKey: 'y' })
    const credentials = { accessKeyId: 'AKIASANDBOXORDERS001', secretAccessKey: 'y' }
    const admin = service(sandbox, { credentials }).kafka.admin()
    await admin.connect()
    await admin.disconnect()
    expect(sandbox.authentications.map(({ principal, outcome }) => [principal, outcome])).toEqual([
      [undefined, 'Access denied'],
      ['orders', 'accepted'],
    ])
  })

  test('ends a session, so that a service has to authenticate again', async () => {
    await using sandbox = await startSandbox({ sessionSeconds: 2 })
    const producer = service(sandbox, {}, { reauthenticationThreshold: 1_000 }).kafka.producer()
    await producer.connect()
    await vi.waitUntil(
      async () => {
        await producer.send(tea)
        return sandbox.authentications.some(({ kind }) => kind === 'reauthentication')
      },
      { timeout: 4_000 },
    )
    await producer.disconnect()
  })

  test.each([
    ['brokers', { brokers: 0 }],
    ['sessionSeconds', { sessionSeconds: -1 }],
    ['connectionsPerSecond', { connectionsPerSecond: Number.NaN }],
    ['identities', { identities: [] }],
  ])('says which option is wrong: %s', async (option, options) => {
    await expect(startSandbox(options)).rejects.toThrow(`startSandbox: \`${option}\` is`)
  })
})

describe('the examples of docs/testing-your-service.md', () => {
  test('my service survives an STS outage', { timeout: 30_000 }, async () => {
    await using sandbox = await startSandbox({ sessionSeconds: 2, topics: { orders: 1 } })
    await using sts = await startLocalSts({ credentialSeconds: 12, defaultPrincipal: 'sandbox' })
    vi.stubEnv('AWS_ENDPOINT_URL_STS', sts.url)
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIABASE000000000001')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'not-a-real-secret')
    const { kafka, sasl } = service(
      sandbox,
      { awsRoleArn: 'arn:aws:iam::123456789012:role/orders' },
      { reauthenticationThreshold: 1_000, retry: { retries: 0 } },
    )
    const producer = kafka.producer()
    await producer.connect()

    sts.setFault('down')
    let sent = 0
    await vi.waitUntil(
      async () => {
        await producer.send(tea)
        sent += 1
        return sasl.inspect().requests.stale >= 2
      },
      { timeout: 15_000 },
    )
    expect(sandbox.messages('orders')).toHaveLength(sent)
    expect(sasl.inspect().consecutiveFailures).toBeGreaterThan(0)

    sts.setFault(undefined)
    await vi.waitUntil(() => sasl.inspect().consecutiveFailures === 0, { timeout: 10_000 })
    await producer.disconnect()
  })

  test('my service reports a denial', async () => {
    await using sandbox = await startSandbox()
    sandbox.faults.add({ refuse: 'Access denied', times: 1 })
    const producer = service(sandbox).kafka.producer()
    const error = await producer.connect().catch((caught) => caught)
    expect(error.failure).toMatchObject({
      code: 'access_denied',
      hint: expect.stringContaining('kafka-cluster:Connect'),
    })
    expect(error.failure.requestId).toMatch(/^[0-9a-f-]{36}$/)
    await producer.connect()
    await producer.disconnect()
  })

  test('two hundred clients start at once against a limit of twenty connections a second', {
    timeout: 90_000,
  }, async () => {
    await using sandbox = await startSandbox({ connectionsPerSecond: 20 })
    const { kafka } = service(sandbox)
    const producers = Array.from({ length: 200 }, () => kafka.producer())
    await Promise.all(producers.map((producer) => producer.connect()))
    await Promise.all(producers.map((producer) => producer.disconnect()))
    const outcomes = sandbox.authentications.map(({ outcome }) => outcome)
    expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(200)
    expect(outcomes).toContain('Too many connects')
  })
})
