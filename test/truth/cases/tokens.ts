import { mintCredentials } from '../../../src/testing/iam/local-keys.ts'
import type { Case } from '../case.ts'
import { keysOf } from '../cluster.ts'
import { edited, orders, rewritten, saying, signed, signedIn, tokenOf } from '../tokens.ts'
import { handshake, offer } from '../wire.ts'

type Tokens = Readonly<Record<string, string | Promise<string>>>

/** What the broker says to each, one connection each, all at the same time. */
function answers(name: string, tokens: () => Tokens, expected: string): Case {
  return {
    name,
    async run(scene) {
      const lines = Object.entries(tokens()).map(async ([what, token]) => {
        const client = scene.raw()
        await handshake(client)
        return `${what}: ${await offer(client, await token)}`
      })
      for (const line of await Promise.all(lines)) scene.note(line)
    },
    expected,
  }
}

const later = (seconds: number) => new Date(Date.now() + seconds * 1000)
const padded = async () => {
  // Of a length that needs padding.
  for (let more = 0; ; more += 1) {
    const token = edited(await signed(orders), { 'User-Agent': 'x'.repeat(more) })
    if (token.length % 4 === 3) return token
  }
}

export const tokens: readonly Case[] = [
  answers(
    'whose tokens the broker takes',
    () => ({
      'the signer of AWS': signed(orders),
      'another identity': signed(keysOf('audit-service')),
      'temporary keys': signed(mintCredentials('orders-service', later(60))),
      'temporary keys of nobody': signed(mintCredentials('nobody', later(60))),
      'an unknown key': signed({ ...orders, accessKeyId: 'AKIALOCALNOBODY00001' }),
      'no permission to connect': signed(keysOf('no-connect')),
      'another secret': signed({ ...orders, secretAccessKey: 'another' }),
      'another region': signed(orders, 'us-east-1'),
    }),
    `
      the signer of AWS: 0 "", the usual session
      another identity: 0 "", the usual session
      temporary keys: 0 "", the usual session
      temporary keys of nobody: 58 "[UUID]: Access denied"
      an unknown key: 58 "[UUID]: Access denied"
      no permission to connect: 58 "[UUID]: Access denied"
      another secret: 58 "[UUID]: Invalid authentication payload"
      another region: 58 "[UUID]: Invalid authentication payload"
    `,
  ),
  answers(
    'what a token may say',
    () => ({
      'another host': saying({}, { host: 'kafka.eu-west-1.amazonaws.com.example' }),
      'a host with a port': saying({}, { host: 'kafka.eu-west-1.amazonaws.com:443' }),
      'another path': saying({}, { path: '/orders' }),
      'another action': saying({ Action: 'kafka-cluster:WriteData' }),
      'no action': saying({ Action: undefined }),
      'another algorithm': saying({ 'X-Amz-Algorithm': 'AWS4-HMAC-SHA1' }),
      'more signed headers': saying({ 'X-Amz-SignedHeaders': 'host;range' }),
      'another service': saying({
        'X-Amz-Credential': signedIn(0)['X-Amz-Credential']?.replace('kafka-cluster', 's3'),
      }),
      'a scope of another region': saying({
        'X-Amz-Credential': signedIn(0)['X-Amz-Credential']?.replace('eu-west-1', 'us-east-1'),
      }),
      'an unknown parameter': saying({ 'X-Amz-Else': '1' }),
      'another User-Agent': signed(orders).then((token) => edited(token, { 'User-Agent': 'somebody/1' })),
      'no User-Agent': signed(orders).then((token) => edited(token, { 'User-Agent': undefined })),
    }),
    `
      another host: 58 "[UUID]: Invalid authentication payload"
      a host with a port: 58 "[UUID]: Invalid authentication payload"
      another path: 58 "[UUID]: Invalid authentication payload"
      another action: 58 "[UUID]: Invalid authentication payload"
      no action: 58 "[UUID]: Invalid authentication payload"
      another algorithm: 58 "[UUID]: Invalid authentication payload"
      more signed headers: 58 "[UUID]: Invalid authentication payload"
      another service: 58 "[UUID]: Invalid authentication payload"
      a scope of another region: 58 "[UUID]: Invalid authentication payload"
      an unknown parameter: 58 "[UUID]: Invalid authentication payload"
      another User-Agent: 0 "", the usual session
      no User-Agent: 0 "", the usual session
    `,
  ),
  answers(
    'when a token lives',
    () => ({
      'until now': saying(signedIn(-901)),
      'from in 4 minutes on': saying(signedIn(240)),
      'from in 6 minutes on': saying(signedIn(360)),
      'for 900 s': saying({ 'X-Amz-Expires': '900' }),
      'for more than 900 s': saying({ 'X-Amz-Expires': '901' }),
      'for a fraction of a second': saying({ ...signedIn(0), 'X-Amz-Expires': '5.299' }),
      'for no time': saying({ 'X-Amz-Expires': '0' }),
      'for less than no time': saying({ 'X-Amz-Expires': '-60' }),
      'a day that does not exist': saying({ 'X-Amz-Date': '20260230T000000Z' }),
      'a date that is not of the scope': saying({ 'X-Amz-Date': '20261121T235959Z' }),
    }),
    `
      until now: 58 "[UUID]: Invalid authentication payload"
      from in 4 minutes on: 0 "", the usual session
      from in 6 minutes on: 58 "[UUID]: Invalid authentication payload"
      for 900 s: 0 "", the usual session
      for more than 900 s: 58 "[UUID]: Invalid authentication payload"
      for a fraction of a second: 0 "", a shorter session
      for no time: 58 "[UUID]: Invalid authentication payload"
      for less than no time: 58 "[UUID]: Invalid authentication payload"
      a day that does not exist: 58 "[UUID]: Invalid authentication payload"
      a date that is not of the scope: 58 "[UUID]: Invalid authentication payload"
    `,
  ),
  answers(
    'how a token is written',
    () => ({
      'base64url without padding': padded(),
      'base64url with padding': padded().then((token) => `${token}=`),
      'bits beyond the last byte': padded().then(
        (token) => `${token.slice(0, -1)}${nextLetter(token.at(-1) ?? '')}`,
      ),
      'base64 of another alphabet': rewritten((url) => `${url}???`).then((token) =>
        token.replaceAll('_', '/').replaceAll('-', '+'),
      ),
      'a User-Agent that is not UTF-8': rewritten((url) => url.replace(/User-Agent=[^&]*/, 'User-Agent=%FF')),
      'bad percent-encoding': rewritten((url) => url.replace(/User-Agent=[^&]*/, 'User-Agent=%zz')),
      'a repeated parameter': rewritten((url) => `${url}&X-Amz-Expires=900`),
      'an empty parameter': rewritten((url) => `${url}&`),
      'a fragment': rewritten((url) => `${url}#here`),
      http: rewritten((url) => url.replace('https', 'http')),
      'HTTPS in capitals': rewritten((url) => url.replace('https', 'HTTPS')),
      'a host in capitals': rewritten((url) => url.replace('kafka.', 'KAFKA.')),
      'a line break': rewritten((url) => `${url}\n`),
      'a bar, which no URL has': rewritten((url) => `${url}|`),
      'a URL without a query': tokenOf('https://kafka.eu-west-1.amazonaws.com/'),
      'a JWT': 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJvcmRlcnMifQ.',
      'a word': 'token',
      'raw credentials in base64url': tokenOf(`${orders.accessKeyId}:${orders.secretAccessKey}:session`),
      'a character that no bearer token has': 'to:ken',
      nothing: '',
    }),
    `
      base64url without padding: 0 "", the usual session
      base64url with padding: 58 "[UUID]: Invalid authentication payload"
      bits beyond the last byte: 58 "[UUID]: Invalid authentication payload"
      base64 of another alphabet: 58 "[UUID]: Invalid authentication payload"
      a User-Agent that is not UTF-8: 58 "[UUID]: Invalid authentication payload"
      bad percent-encoding: 58 "[UUID]: Invalid authentication payload"
      a repeated parameter: 58 "[UUID]: Invalid authentication payload"
      an empty parameter: 58 "[UUID]: Invalid authentication payload"
      a fragment: 58 "[UUID]: Invalid authentication payload"
      http: 58 "[UUID]: Invalid authentication payload"
      HTTPS in capitals: 58 "[UUID]: Invalid authentication payload"
      a host in capitals: 58 "[UUID]: Invalid authentication payload"
      a line break: 58 "[UUID]: Invalid authentication payload"
      a bar, which no URL has: 58 "[UUID]: Invalid authentication payload"
      a URL without a query: 58 "[UUID]: Invalid authentication payload"
      a JWT: 58 "[UUID]: Invalid authentication payload"
      a word: 58 "[UUID]: Invalid authentication payload"
      raw credentials in base64url: 58 "[UUID]: Invalid authentication payload"
      a character that no bearer token has: 58 "Authentication failed during authentication due to invalid credentials with SASL mechanism OAUTHBEARER"
      nothing: 58 "Authentication failed during authentication due to invalid credentials with SASL mechanism OAUTHBEARER"
    `,
  ),
]

/** The letter whose last bit alone is another. */
function nextLetter(letter: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
  return alphabet[alphabet.indexOf(letter) ^ 1] ?? ''
}
