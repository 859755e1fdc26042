/** What the documentation of @eventferry/kafka-iam shows, with the real signer. */
import { expect, test } from 'vitest'
import { createMskIamSasl, KafkaPublisher } from '../../src/index.ts'
import { buildMskIamSasl } from '../../src/sasl/sasl-block.ts'
import { checkedSaslOptions } from '../../src/sasl/sasl-options.ts'
import { startSandbox } from '../../src/testing/index.ts'
import { aws } from '../failures/set-up.ts'
import { baseKeys, role, setUpToken, signedUrl, sts } from '../failures/token-set-up.ts'
import { fakeRuntime } from '../support/fake-runtime.ts'
import { fakeSigner } from '../support/fake-signer.ts'

setUpToken()

const tokenWith = async (options: Parameters<typeof createMskIamSasl>[0]) => {
  const sasl = createMskIamSasl({ backgroundRefresh: false, ...options })
  try {
    const token = await sasl.oauthBearerProvider()
    return { ...token, ...signedUrl(token.value) }
  } finally {
    sasl.close()
  }
}

test('a region alone: the default chain signs', async () => {
  aws.set(baseKeys)
  expect(await tokenWith({ region: 'us-east-1' })).toMatchObject({
    host: 'kafka.us-east-1.amazonaws.com',
    accessKeyId: baseKeys.AWS_ACCESS_KEY_ID,
    principal: 'eventferry',
  })
})

test('a profile by name', async () => {
  aws.set(baseKeys)
  await aws.credentials(
    '[prod]\naws_access_key_id = AKIALOCALPROD0000001\naws_secret_access_key = not-a-secret\n',
  )
  expect(await tokenWith({ region: 'us-east-1', awsProfile: 'prod' })).toMatchObject({
    accessKeyId: 'AKIALOCALPROD0000001',
  })
})

test('a role with a session name, which is really assumed; by default the name is MSKSASLDefaultSession', async () => {
  aws.set(baseKeys)
  const given = { region: 'us-east-1', awsRoleArn: role }
  expect((await tokenWith({ ...given, awsRoleSessionName: 'eventferry-prod' })).accessKeyId).toMatch(
    /^ASIALOCAL/,
  )
  await tokenWith(given)
  expect(sts.requests).toMatchObject([
    { roleArn: role, sessionName: 'eventferry-prod', region: 'us-east-1' },
    { roleArn: role, sessionName: 'MSKSASLDefaultSession', region: 'us-east-1' },
  ])
})

test('a region for STS: the token stays one for the region of the cluster', async () => {
  aws.set(baseKeys)
  const token = await tokenWith({ region: 'eu-west-1', awsRoleArn: role, awsStsRegion: 'us-east-1' })
  expect(sts.requests).toMatchObject([{ region: 'us-east-1' }])
  expect(token.host).toBe('kafka.eu-west-1.amazonaws.com')
})

test('refreshAheadMs: 120_000 renews a token in its last two minutes', async () => {
  const runtime = fakeRuntime()
  const signer = fakeSigner(runtime)
  const given = { region: 'us-east-1', signer, refreshAheadMs: 120_000, backgroundRefresh: false }
  const sasl = buildMskIamSasl(checkedSaslOptions(given), runtime)
  await sasl.oauthBearerProvider()
  await runtime.advance(779_000)
  await sasl.oauthBearerProvider()
  expect(signer.requests).toHaveLength(1)
  await runtime.advance(2_000)
  await sasl.oauthBearerProvider()
  expect(signer.requests).toHaveLength(2)
  sasl.close()
})

test('a principal', async () => {
  aws.set(baseKeys)
  expect((await tokenWith({ region: 'us-east-1', principal: 'orders' })).principal).toBe('orders')
})

test('a signer of one\u2019s own, which gets the region and gives a token with its end in epoch ms', async () => {
  const asked: object[] = []
  const expiryTime = Date.now() + 15 * 60 * 1000
  const signer = {
    async generateAuthToken(request: { region: string }) {
      asked.push(request)
      return { token: `signed-for-${request.region}`, expiryTime }
    },
  }
  const sasl = createMskIamSasl({ region: 'us-east-1', signer })
  expect(await sasl.oauthBearerProvider()).toEqual({
    value: 'signed-for-us-east-1',
    principal: 'eventferry',
    lifetime: expiryTime,
  })
  expect(asked).toEqual([{ region: 'us-east-1' }])
  sasl.close()
})

test('a publisher without a clientId, with `ssl` and the SASL block', async () => {
  await using sandbox = await startSandbox({ tls: true, topics: { orders: 1 } })
  const { region, credentials, brokers, ca } = sandbox
  const sasl = createMskIamSasl({ region, credentials })
  await using publisher = new KafkaPublisher({ brokers, ssl: { ca }, sasl, kafka: { logLevel: 0 } })
  await publisher.connect()
  expect(await publisher.publish([{ topic: 'orders', value: 'tea' }])).toMatchObject([{ ok: true }])
  sasl.close()
})
