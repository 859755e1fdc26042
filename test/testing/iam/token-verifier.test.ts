import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { mintCredentials } from '../../../src/testing/iam/local-keys.ts'
import { TokenRefused } from '../../../src/testing/iam/token-verifier.ts'
import { edited, orders, region, resigned, signed, tokenOf, urlOf, VerifierAtTime } from './tokens.ts'

const INVALID = 'Invalid authentication payload'
const DENIED = 'Access denied'
const second = 1000
const minute = 60 * second
/** The signer signs to the second. */
const start = Date.parse('2026-11-22T20:00:00Z')

let verifier: VerifierAtTime

beforeEach(() => {
  // The signer reads the system's clock, and the verifier its own.
  vi.useFakeTimers({ now: start, toFake: ['Date'] })
  verifier = new VerifierAtTime()
})
afterEach(() => {
  vi.useRealTimers()
})

describe('A token of the official signer is accepted', () => {
  test('with long-lived keys, for 15 minutes', async () => {
    expect(verifier.verify(await signed())).toEqual({
      principal: 'orders-service',
      signedAt: start,
      expiresAt: start + 15 * minute,
    })
  })

  test('with keys that the local STS minted, of which the broker was never told', async () => {
    const keys = mintCredentials('orders-service', new Date(start + 60 * minute))
    expect(verifier.verify(await signed(keys)).principal).toBe('orders-service')
  })

  test('with the life of its credentials where that is shorter, fractions included', async () => {
    const keys = mintCredentials('orders-service', new Date(start + 5299))
    const token = await signed(keys)
    expect(urlOf(token)).toContain('X-Amz-Expires=5.299')
    expect(verifier.verify(token).expiresAt).toBe(start + 5299)
  })

  test('with the old key and the new one during a rotation, and only with the new one after it', async () => {
    const rotated = { ...orders, accessKeyId: 'AKIALOCALORDERS00002', secretAccessKey: 'another-secret' }
    verifier.identities.add(rotated)
    expect(verifier.verify(await signed(orders)).principal).toBe('orders-service')
    expect(verifier.verify(await signed(rotated)).principal).toBe('orders-service')
    expect(verifier.identities.remove(orders.accessKeyId)).toBe(true)
    expect(verifier.answer(await signed(orders))).toBe(DENIED)
    expect(verifier.answer(await signed(rotated))).toBe('accepted')
  })

  test('until the very millisecond of its expiry', async () => {
    const token = await signed()
    verifier.now = start + 15 * minute - 1
    expect(verifier.answer(token)).toBe('accepted')
    verifier.now = start + 15 * minute
    expect(verifier.answer(token)).toBe(INVALID)
    expect(verifier.reason(token)).toBe('expired')
  })

  test('from a clock that is up to 5 minutes ahead of ours', async () => {
    const token = await signed()
    verifier.now = start - 5 * minute
    expect(verifier.answer(token)).toBe('accepted')
    verifier.now -= 1
    expect(verifier.answer(token)).toBe(INVALID)
    expect(verifier.reason(token)).toBe('signed in the future')
  })

  test('whatever its User-Agent says, and without one: it is not signed', async () => {
    const token = await signed()
    expect(verifier.answer(edited(token, { 'User-Agent': 'somebody/1' }))).toBe('accepted')
    expect(verifier.answer(edited(token, { 'User-Agent': undefined }))).toBe('accepted')
  })
})

test('whatever characters a session token has, they are signed as AWS writes them', async () => {
  // Beside long-lived keys it says nothing to the broker, but it is signed.
  const token = await signed({ ...orders, sessionToken: "+/=~!'()*é &%41" })
  expect(verifier.answer(token)).toBe('accepted')
  // In a URL, unlike in a form, a plus is a plus.
  expect(urlOf(token)).toContain('Token=%2B')
  expect(verifier.answer(tokenOf(urlOf(token).replace('Token=%2B', 'Token=+')))).toBe('accepted')
  expect(verifier.answer(tokenOf(urlOf(token).replace('Token=%2B', 'Token=%20')))).toBe(INVALID)
})

describe('Who may not', () => {
  test('an access key that nobody has is denied', async () => {
    const token = await signed({ ...orders, accessKeyId: 'AKIALOCALNOBODY00001' })
    expect(verifier.answer(token)).toBe(DENIED)
    expect(verifier.reason(token)).toBe('an unknown access key')
  })

  test('a secret that is not that of the access key makes the payload invalid', async () => {
    const token = await signed({ ...orders, secretAccessKey: `${orders.secretAccessKey}2` })
    expect(verifier.answer(token)).toBe(INVALID)
    expect(verifier.reason(token)).toBe('the signature does not match')
  })

  test('a principal without kafka-cluster:Connect is denied, and let in once it has it', async () => {
    verifier.identities.add({ ...orders, permissions: {} })
    expect(verifier.answer(await signed())).toBe(DENIED)
    expect(verifier.reason(await signed())).toBe('the principal has no permission kafka-cluster:Connect')
    verifier.identities.add(orders)
    expect(verifier.answer(await signed())).toBe('accepted')
  })

  test('who cannot sign is not told what permissions there are', async () => {
    verifier.identities.add({ ...orders, permissions: {} })
    expect(verifier.answer(await signed({ ...orders, secretAccessKey: 'wrong' }))).toBe(INVALID)
  })

  test('a session of a principal that is unknown, or may not connect, is denied', async () => {
    const nobody = mintCredentials('nobody', new Date(start + 60 * minute))
    expect(verifier.answer(await signed(nobody))).toBe(DENIED)
    verifier.identities.add({ ...orders, permissions: {} })
    const keys = mintCredentials('orders-service', new Date(start + 60 * minute))
    expect(verifier.answer(await signed(keys))).toBe(DENIED)
  })

  test('a session that has expired while its token has not makes the payload invalid', async () => {
    const { expiration, ...keys } = mintCredentials('orders-service', new Date(start + minute))
    // Without the expiry the signer claims 900 s, as it does with keys from the environment.
    const token = await signed(keys)
    verifier.now = expiration.getTime() - 1
    expect(verifier.answer(token)).toBe('accepted')
    verifier.now = expiration.getTime()
    expect(verifier.answer(token)).toBe(INVALID)
    expect(verifier.reason(token)).toBe('the session token has expired')
  })

  test.each([
    ['none', undefined],
    ['an empty one', ''],
    ['one that is no base64url', '!'],
    ['one that is no JSON', Buffer.from('orders-service').toString('base64url')],
    ['one that is null', Buffer.from('null').toString('base64url')],
    ['one that names nobody', Buffer.from('{"expiration":9e15}').toString('base64url')],
    ['one that never ends', Buffer.from('{"principal":"orders-service"}').toString('base64url')],
    [
      'one whose end is a text',
      Buffer.from('{"principal":"orders-service","expiration":"9"}').toString('base64url'),
    ],
  ])('temporary keys with %s for a session token are denied', async (_, sessionToken) => {
    const { sessionToken: real, ...keys } = mintCredentials('orders-service', new Date(start + 60 * minute))
    expect(verifier.answer(await signed({ ...keys, sessionToken: real }))).toBe('accepted')
    const token = await signed(sessionToken ? { ...keys, sessionToken } : keys)
    const given = sessionToken === '' ? resigned(token, { 'X-Amz-Security-Token': '' }, keys) : token
    expect(verifier.answer(given)).toBe(DENIED)
    expect(verifier.reason(given)).toBe('a temporary key without a session token of the local STS')
  })
})

describe('A token is refused whose signature is right, but', () => {
  test('its region is another', async () => {
    const token = await signed(orders, 'eu-central-1')
    expect(verifier.answer(token)).toBe(INVALID)
    expect(verifier.reason(token)).toBe('not the host of eu-west-1')
  })

  test.each([
    ['its scope is of another region', 'eu-central-1/kafka-cluster', 'signed for another region'],
    ['its scope is of another service', 'eu-west-1/s3', 'X-Amz-Credential is missing or malformed'],
  ])('%s', async (_, scope, reason) => {
    const credential = `${orders.accessKeyId}/20261122/${scope}/aws4_request`
    const token = resigned(await signed(), { 'X-Amz-Credential': credential })
    expect(verifier.answer(token)).toBe(INVALID)
    expect(verifier.reason(token)).toBe(reason)
  })

  test.each([
    ['its action is another', { Action: 'kafka-cluster:WriteData' }, 'not the action kafka-cluster:Connect'],
    ['its action is missing', { Action: undefined }, 'not the action kafka-cluster:Connect'],
    ['its algorithm is another', { 'X-Amz-Algorithm': 'AWS4-HMAC-SHA1' }, 'not AWS4-HMAC-SHA256'],
    ['more headers are signed', { 'X-Amz-SignedHeaders': 'host;range' }, 'signed headers other than host'],
    ['it has a parameter that nobody knows', { 'X-Amz-Else': '1' }, 'an unknown query parameter'],
    ['its date has no time', { 'X-Amz-Date': '20261122' }, 'X-Amz-Date is missing or malformed'],
    ['its date is missing', { 'X-Amz-Date': undefined }, 'X-Amz-Date is missing or malformed'],
    [
      'its date is not that of the scope',
      { 'X-Amz-Date': '20261121T235959Z' },
      "X-Amz-Date is not of the credential scope's day",
    ],
    ['its hour does not exist', { 'X-Amz-Date': '20261122T240000Z' }, 'X-Amz-Date is no date'],
    ['its minute does not exist', { 'X-Amz-Date': '20261122T196000Z' }, 'X-Amz-Date is no date'],
    ['it lives more than 900 s', { 'X-Amz-Expires': '900.001' }, 'X-Amz-Expires is over 900'],
    ['it had expired when it was signed', { 'X-Amz-Expires': '0' }, 'expired'],
    ['its life is negative', { 'X-Amz-Expires': '-60' }, 'X-Amz-Expires is missing or malformed'],
    ['its life is no number', { 'X-Amz-Expires': '1e2' }, 'X-Amz-Expires is missing or malformed'],
    ['its life is missing', { 'X-Amz-Expires': undefined }, 'X-Amz-Expires is missing or malformed'],
    [
      'its credential is missing',
      { 'X-Amz-Credential': undefined },
      'X-Amz-Credential is missing or malformed',
    ],
  ])('%s', async (_, changes, reason) => {
    const token = await signed()
    expect(verifier.answer(resigned(token, {}))).toBe('accepted')
    const forged = resigned(token, changes)
    expect(verifier.answer(forged)).toBe(INVALID)
    expect(verifier.reason(forged)).toBe(reason)
  })

  test('its day does not exist', async () => {
    const changes = {
      'X-Amz-Date': '20260230T000000Z',
      'X-Amz-Credential': `${orders.accessKeyId}/20260230/${region}/kafka-cluster/aws4_request`,
    }
    // The day that it would be taken for.
    verifier.now = Date.parse('2026-03-02T00:01:00Z')
    expect(verifier.reason(resigned(await signed(), changes))).toBe('X-Amz-Date is no date')
  })

  test.each([
    ['its host is another', { host: 'kafka.eu-west-1.amazonaws.com.example' }, 'not the host of eu-west-1'],
    ['its host has a port', { host: 'kafka.eu-west-1.amazonaws.com:443' }, 'not the host of eu-west-1'],
    ['its host has a user', { host: 'me@kafka.eu-west-1.amazonaws.com' }, 'not the host of eu-west-1'],
    ['its path is another', { path: '/orders' }, 'not the path /'],
  ])('%s', async (_, target, reason) => {
    const forged = resigned(await signed(), {}, target)
    expect(verifier.answer(forged)).toBe(INVALID)
    expect(verifier.reason(forged)).toBe(reason)
  })

  test.each([
    ['it is not https', (url: string) => url.replace('https', 'http'), 'not https'],
    ['it has a fragment', (url: string) => `${url}#here`, 'not a URL with a query'],
    ['it ends with a line break', (url: string) => `${url}\n`, 'not a URL with a query'],
    [
      'a parameter is there twice',
      (url: string) => `${url}&X-Amz-Expires=900`,
      'a query parameter is repeated',
    ],
    ['an empty parameter is added', (url: string) => `${url}&`, 'an unknown query parameter'],
    [
      'its signature is cut short',
      (url: string) => url.replace(/(X-Amz-Signature=.{63})./, '$1'),
      'the signature does not match',
    ],
    [
      'its signature is in capitals',
      (url: string) => url.replace(/(?<=X-Amz-Signature=)\w+/, (hex) => hex.toUpperCase()),
      'the signature does not match',
    ],
    [
      'its signature is missing',
      (url: string) => url.replace(/&X-Amz-Signature=\w+/, ''),
      'the signature does not match',
    ],
  ])('%s', async (_, change, reason) => {
    const forged = tokenOf(change(urlOf(await signed())))
    expect(verifier.answer(forged)).toBe(INVALID)
    expect(verifier.reason(forged)).toBe(reason)
  })
})

describe('What is no token at all', () => {
  test.each([
    ['nothing', ''],
    ['a word', 'token'],
    ['raw credentials', `${orders.accessKeyId}:${orders.secretAccessKey}:session`],
    ['raw credentials in base64url', tokenOf(`${orders.accessKeyId}:${orders.secretAccessKey}:session`)],
    ['a URL that is not encoded', 'https://kafka.eu-west-1.amazonaws.com/?Action=kafka-cluster:Connect'],
    ['a URL without a query', tokenOf('https://kafka.eu-west-1.amazonaws.com/')],
    ['a JWT', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJvcmRlcnMifQ.'],
  ])('%s makes the payload invalid', (_, token) => {
    expect(verifier.answer(token)).toBe(INVALID)
  })

  test('nothing that is not a token makes it throw anything but a refusal', () => {
    const urls = fc
      .tuple(fc.string(), fc.string(), fc.dictionary(fc.string(), fc.string()))
      .map(([host, path, query]) => `https://${host}/${path}?${new URLSearchParams(query)}`)
    const encoded = fc.oneof(fc.string(), fc.webUrl({ withQueryParameters: true }), urls).map(tokenOf)
    const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.base64String(), encoded)
    fc.assert(
      fc.property(anything, (token) => {
        expect(verifier.answer(token)).toBe(INVALID)
      }),
      { numRuns: 5000 },
    )
  })

  test('no values of the parameters of a real token make it throw anything but a refusal', async () => {
    const keys = mintCredentials('orders-service', new Date(start + 60 * minute))
    const token = await signed(keys)
    const names = [...new URL(urlOf(token)).searchParams.keys()].filter((name) => name !== 'User-Agent')
    const value = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.bigInt().map(String), fc.json())
    const changes = fc.tuple(fc.constantFrom(...names), value, fc.boolean())
    fc.assert(
      fc.property(changes, ([name, value, sign]) => {
        fc.pre(new URL(urlOf(token)).searchParams.get(name) !== value)
        const forged = sign
          ? resigned(token, { [name]: value }, { secretAccessKey: keys.secretAccessKey })
          : edited(token, { [name]: value })
        const answer = verifier.answer(forged)
        // Signed with the right key, another life is as good as the signer's.
        if (!sign || (name !== 'X-Amz-Expires' && name !== 'X-Amz-Signature'))
          expect(answer).not.toBe('accepted')
      }),
      { numRuns: 3000 },
    )
  })

  test('a megabyte of anything is answered as fast as it is read', () => {
    const mega = 1_000_000
    const before = performance.now()
    for (const url of [
      'h'.repeat(mega),
      `https://${'/'.repeat(mega)}`,
      `https://a/?${'&'.repeat(mega)}`,
      `https://a/?${Array.from({ length: mega / 10 }, (_, index) => `p${index}=1`).join('&')}`,
      `https://kafka.eu-west-1.amazonaws.com/?Action=${'%41'.repeat(mega / 3)}`,
      `https://kafka.eu-west-1.amazonaws.com/?X-Amz-Expires=${'9'.repeat(mega)}`,
    ]) {
      expect(verifier.answer(tokenOf(url))).toBe(INVALID)
    }
    // Seconds, where it takes a tenth of one: only what grows with the square of the length would fail.
    expect(performance.now() - before).toBeLessThan(5000)
  })
})

test('a refusal tells nothing of the token or a key', async () => {
  const { expiration, ...keys } = mintCredentials('orders-service', new Date(start + minute))
  const secrets = [orders.accessKeyId, orders.secretAccessKey, keys.accessKeyId, keys.secretAccessKey]
  const token = await signed(keys)
  const mine = await signed()
  verifier.now = expiration.getTime()
  const refused = [
    token,
    await signed({ ...orders, accessKeyId: 'AKIALOCALNOBODY00001' }),
    edited(mine, { 'X-Amz-Signature': 'aa' }),
    edited(mine, { 'X-Amz-Credential': mine }),
    edited(mine, { [mine]: 'x' }),
    `${orders.accessKeyId}:${orders.secretAccessKey}:session`,
  ]
  for (const value of refused) {
    let error: unknown
    try {
      verifier.verify(value)
    } catch (caught) {
      error = caught
    }
    expect(error).toBeInstanceOf(TokenRefused)
    const { name, text, reason, message, stack } = error as TokenRefused
    expect(name).toBe('TokenRefused')
    expect(message).toBe(`${text} (${reason})`)
    for (const secret of [...secrets, 'AKIALOCALNOBODY00001', value.slice(0, 16), keys.sessionToken]) {
      expect(`${message} ${stack}`).not.toContain(secret)
    }
  }
})
