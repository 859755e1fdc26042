import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { ClientRequest } from 'node:http'
import { expect, test } from 'vitest'
import { aws } from '../failures/set-up.ts'
import { baseKeys, baseProfile, provider, role, setUpToken } from '../failures/token-set-up.ts'

setUpToken()

/** Where the AWS SDK sends its first request, and the region it signs it for; nothing leaves the machine. */
async function requestOf(
  work: () => Promise<unknown>,
): Promise<{ host: string; region: string | undefined }[]> {
  const requests: { host: string; region: string | undefined }[] = []
  const note = (message: unknown) => {
    const { request } = message as { request: ClientRequest }
    const signed = /Credential=\S+?\/\d{8}\/([^/]+)\//.exec(String(request.getHeader('authorization')))
    requests.push({ host: request.host, region: signed?.[1] })
    request.destroy(new Error('Not sent'))
  }
  subscribe('http.client.request.created', note)
  try {
    await work().catch(() => undefined)
  } finally {
    unsubscribe('http.client.request.created', note)
  }
  return requests
}

test.each([
  ['eu-west-1', 'sts.eu-west-1.amazonaws.com', 'eu-west-1'],
  ['us-east-1-fips', 'sts-fips.us-east-1.amazonaws.com', 'us-east-1'],
  ['fips-us-east-1', 'sts-fips.us-east-1.amazonaws.com', 'us-east-1'],
  ['aws-global', 'sts.amazonaws.com', 'us-east-1'],
  ['fips-aws-global', 'sts-fips.us-east-1.amazonaws.com', 'us-east-1'],
  ['aws-fips', 'sts-fips.us-east-1.amazonaws.com', 'us-east-1'],
  ['us-gov-west-1-fips', 'sts.us-gov-west-1.amazonaws.com', 'us-gov-west-1'],
  ['cn-north-1', 'sts.cn-north-1.amazonaws.com.cn', 'cn-north-1'],
])('awsStsRegion %s: the AWS SDK asks %s', async (awsStsRegion, host, region) => {
  aws.set({ ...baseKeys, AWS_ENDPOINT_URL_STS: '' })
  const sasl = provider({ awsRoleArn: role, awsStsRegion })
  const [first] = await requestOf(() => sasl.oauthBearerProvider())
  expect(first).toEqual({ host, region })
})

test('also for a role that a profile assumes', async () => {
  aws.set({ AWS_ENDPOINT_URL_STS: '' })
  await aws.credentials(baseProfile)
  await aws.config(`[profile orders]\nrole_arn = ${role}\nsource_profile = base\n`)
  const sasl = provider({ awsProfile: 'orders', awsStsRegion: 'us-east-1-fips' })
  const [first] = await requestOf(() => sasl.oauthBearerProvider())
  expect(first).toEqual({ host: 'sts-fips.us-east-1.amazonaws.com', region: 'us-east-1' })
})
