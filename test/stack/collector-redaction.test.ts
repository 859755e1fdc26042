/** Whatever secret is told by mistake does not leave the collector, and what is normal does. All secrets are made up here. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newSpanId, otlpSender, span } from './support/otlp.ts'
import { type SecondCollector, startCollector } from './support/second-collector.ts'
import { until } from './support/until.ts'

const service = `stack-redaction-${newSpanId()}`
let second: SecondCollector
let toSecond: ReturnType<typeof otlpSender>

beforeAll(async () => {
  second = await startCollector({ KEEP_HEALTHY_PERCENT: '100' })
  toSecond = otlpSender(second.url, service)
})
afterAll(() => second?.stop())

const letters = (length: number) => randomBytes(length).toString('hex').toUpperCase().slice(0, length)
const keyId = `AKIA${letters(16)}`
const secret = randomBytes(30).toString('base64')
const session = randomBytes(90).toString('base64')
const signature = randomBytes(32).toString('hex')
const query = [
  `X-Amz-Security-Token=${encodeURIComponent(session)}`,
  `X-Amz-Credential=${keyId}%2F20261123%2Feu-west-1%2Fkafka-cluster%2Faws4_request`,
  `X-Amz-Signature=${signature}`,
].join('&')
const url = `https://kafka.eu-west-1.amazonaws.com/?Action=kafka-cluster%3AConnect&${query}&User-Agent=x`
const padded = url.padEnd(url.length + ((4 - (url.length % 3)) % 3), '.') // one byte more than a multiple of three
const base64url = (text: string) => Buffer.from(text).toString('base64url')

const secrets: Record<string, [given: string, masked: string]> = {
  'a token': [`auth=${base64url(url)} ok`, 'auth=**** ok'],
  // What is cut off, or glued to something, stands at another place of its groups of three bytes.
  ...Object.fromEntries(
    ['', 'x', 'xx'].flatMap((glued) => [
      [`the start of a token after "${glued}"`, [`${base64url(`${glued}${url}`).slice(0, 60)}…`, '****…']],
      [
        `the end of a token after "${glued}"`,
        [`${base64url(`${glued}&X-Amz-Signature=${signature}`)} ok`, '**** ok'],
      ],
    ]),
  ),
  'a bearer': [`Authorization: Bearer ${signature}`, 'Authorization: ****'],
  'a presigned URL': [
    `GET ${url}`,
    'GET https://kafka.eu-west-1.amazonaws.com/?Action=kafka-cluster%3AConnect&****&****&****&User-Agent=x',
  ],
  'a presigned URL in a URL': [
    `?to=${encodeURIComponent(url)}`,
    `?to=${encodeURIComponent('https://kafka.eu-west-1.amazonaws.com/?Action=kafka-cluster%3AConnect&')}****`,
  ],
  'a token with padding': [`<${Buffer.from(padded).toString('base64')}>`, '<****>'],
  'a signed header': [
    `AWS4-HMAC-SHA256 Credential=${keyId}/20261123/eu-west-1, Signature=${signature}`,
    'AWS4-HMAC-SHA256 Credential=****/20261123/eu-west-1, ****',
  ],
  'an access key id': [`the key ${keyId} is unknown`, 'the key **** is unknown'],
  'a temporary one': [`the key ASIA${letters(16)} is unknown`, 'the key **** is unknown'],
  'raw credentials': [`got ${keyId}:${secret}:${session} here`, 'got **** here'],
  'an answer of STS': [
    `<SecretAccessKey>${secret}</SecretAccessKey><SessionToken>${session}</SessionToken>`,
    '<****</SecretAccessKey><****</SessionToken>',
  ],
  'an environment': [`AWS_SECRET_ACCESS_KEY=${secret} AWS_REGION=eu-west-1`, 'AWS_**** AWS_REGION=eu-west-1'],
}
const normal = [
  'c53e94bf-5d3c-4f0e-9f6f-0a52a1a4b5cd',
  '27a909b8660c14ac79205671cfec99a1',
  'arn:aws:iam::123456789012:role/orders',
  'b-1.orders.abc123.c2.kafka.eu-west-1.amazonaws.com:9098',
  'The session token is expired. Run aws sso login, and check AWS_SESSION_TOKEN and the Bearer token.',
  'access_denied',
  'orders.created-v2',
]

const texts = [...Object.values(secrets).map(([given]) => given), ...normal]
const expected = [...Object.values(secrets).map(([, masked]) => masked), ...normal]
const asAttributes = Object.fromEntries(texts.map((text, index) => [`t${index}`, text]))
const read = (attributes: readonly { key: string; value: { stringValue?: string } }[] = []) =>
  texts.map((_, index) => attributes.find(({ key }) => key === `t${index}`)?.value.stringValue)

test('masks attributes of spans and of their events, and leaves what is normal', async () => {
  const one = span('send orders', { failed: 'no', attributes: asAttributes, eventAttributes: asAttributes })
  await toSecond.spans(one)
  const out = await until('the span', () => second.spans().find(({ spanId }) => spanId === one.spanId))
  expect(read(out.attributes)).toEqual(expected)
  expect(read(out.events?.[0]?.attributes)).toEqual(expected)
})

test('masks names and status messages of spans, and elements of lists', async () => {
  const many = texts.map((text) => span(text, { failed: text, attributes: { list: ['first', text] } }))
  await toSecond.spans(...many)
  const out = await until('the spans', () => {
    const found = many.map(({ spanId }) => second.spans().find((one) => one.spanId === spanId))
    return found.every((one) => one !== undefined) && found
  })
  expect(out.map(({ name }) => name)).toEqual(expected)
  expect(out.map(({ status }) => status.message)).toEqual(expected)
  const lists = out.map(({ attributes }) => JSON.stringify(attributes?.find(({ key }) => key === 'list')))
  for (const part of [keyId, secret, session, signature, base64url(url).slice(-40)])
    expect(lists.filter((list) => list.includes(part))).toEqual([])
  expect(lists.filter((list) => list.includes('arrayValue'))).toHaveLength(normal.length)
})

test('tells what it has masked', async () => {
  const one = span('send orders', {
    failed: `no: ${keyId}`,
    attributes: { fine: 'tea', leaking: secrets['a token']?.[0] ?? '' },
  })
  await toSecond.spans(one)
  const out = await until('the span', () => second.spans().find(({ spanId }) => spanId === one.spanId))
  expect(
    Object.fromEntries((out.attributes ?? []).map(({ key, value }) => [key, value.stringValue])),
  ).toEqual({
    fine: 'tea',
    leaking: 'auth=**** ok',
    'redaction.masked.keys': 'leaking,span.status.message',
    'redaction.masked.count': undefined, // a number
  })
})

test('masks bodies and attributes of log records', async () => {
  for (const text of texts) await toSecond.log(text, { text })
  const out = await until('the records', () => second.logs().length >= texts.length && second.logs())
  expect(out.map(({ body }) => body.stringValue)).toEqual(expected)
  expect(
    out.map(({ attributes }) => attributes?.find(({ key }) => key === 'text')?.value.stringValue),
  ).toEqual(expected)
})

test('masks the labels of metrics', async () => {
  for (const [index, text] of texts.entries())
    await toSecond.gauge('planted', index, { index: `${index}`, text }) // what is masked looks alike
  const out = await until('the series', async () => {
    const series = await second.series('planted', service)
    return series.length >= texts.length && series
  })
  const inOrder = out.sort((one, other) => one.value - other.value)
  expect(inOrder.map(({ labels }) => /,text="(.*?)"/.exec(labels)?.[1])).toEqual(expected)
})
