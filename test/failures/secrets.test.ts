import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { forTelemetry, withoutSecrets } from '../../src/base/foreign-text.ts'

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const BASE64 = `${UPPER}abcdefghijklmnopqrstuvwxyz+/`
const BASE64URL = `${UPPER}abcdefghijklmnopqrstuvwxyz-_`
const ARN = 'arn:aws:iam::123456789012:role/orders-service'

const letters = (length: number, alphabet: string) =>
  fc.noBias(fc.string({ unit: fc.constantFrom(...alphabet), minLength: length, maxLength: length }))
const joined = (...parts: (string | fc.Arbitrary<string>)[]) =>
  fc
    .tuple(...parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part)))
    .map((all) => all.join(''))

const keyId = joined(fc.constantFrom('AKIA', 'ASIA'), letters(16, UPPER))
const secretKey = letters(40, BASE64)
const sessionToken = letters(380, BASE64)
const token = letters(700, BASE64URL)
const signature = letters(64, '0123456789abcdef')

const plain = (secret: string) => secret
const base64 = (secret: string) => Buffer.from(secret).toString('base64')

/** The ways in which a text gets into another one. Of a secret in one case, only the whole is told from words. */
const written = fc.constantFrom<(secret: string) => string>(
  plain,
  JSON.stringify,
  (secret) => secret.replaceAll('/', '\\/'),
  (secret) => secret.replaceAll('/', '\\\\/'),
  (secret) => secret.replaceAll('/', '\\u002f').replaceAll('+', '\\u002b'),
  encodeURIComponent,
  (secret) => encodeURIComponent(encodeURIComponent(secret)),
  base64,
  (secret) => `eyJ${Buffer.from(secret).toString('base64url')}`,
)
const changed = fc.constantFrom<(secret: string) => string>(
  (secret) => secret.toLowerCase(),
  (secret) => secret.toUpperCase(),
)

/** Between the lines of one that was broken. */
const breaks = fc.constantFrom(
  '\n',
  '\r\n',
  '\\n',
  '\\r\\n',
  ' ',
  '\n    ',
  '" +\n  "',
  '\u2028',
  '\u200b',
  '\u001b[0m',
  '\u00ad',
  '\0',
)
const broken = fc.record({ every: fc.integer({ min: 13, max: 76 }), by: breaks })

const before = fc.constantFrom(
  '',
  ' ',
  '"',
  '(',
  ': ',
  '=',
  '&x=',
  `${ARN},`,
  `${ARN}=`,
  `${ARN}/`,
  `${ARN}:`,
  `${ARN};`,
  'at\n',
  '\\"',
  '+',
  'x/',
)
const after = fc.constantFrom(
  '',
  ' ',
  '"',
  ')',
  ',',
  '&y=1',
  '=',
  `,${ARN}`,
  ' again',
  '\n at sign',
  '…',
  '\u001b[0m',
)

const lines = (text: string, every: number) => text.match(new RegExp(`.{1,${every}}`, 'gs')) ?? []

function expectHidden(shown: string, secrets: readonly string[]): void {
  for (const secret of secrets) {
    for (let at = 0; at + 12 <= secret.length; at += 1) {
      const window = secret.slice(at, at + 12)
      if (shown.includes(window)) expect(shown).not.toContain(window)
    }
  }
}

describe('of a secret, no window of 12 characters comes through', () => {
  test.each([
    ['access key id', keyId],
    ['secret key', secretKey],
    ['session token', sessionToken],
    ['token', token],
    ['key id with its secret', joined(keyId, ':', secretKey)],
  ])('%s, whatever it is glued to, however it is written and wherever it is broken', (_, secrets) => {
    const forms = fc.oneof(
      fc.tuple(secrets, written).map(([secret, write]) => [secret, write(secret), write(secret)]),
      fc.tuple(secrets, changed).map(([secret, write]) => [secret, write(secret), write(secret)]),
      fc
        .tuple(secrets, fc.constantFrom(plain, base64), broken)
        .map(([secret, write, { every, by }]) => [
          secret,
          write(secret),
          lines(write(secret), every).join(by),
        ]),
    )
    fc.assert(
      fc.property(before, forms, after, (left, [secret = '', whole = '', form], right) => {
        const text = `The provider failed${left}${form}${right}`
        for (const shown of [withoutSecrets(text), forTelemetry(text)])
          expectHidden(shown, [...secret.split(':'), ...whole.split(':')])
      }),
      { numRuns: Number(process.env['FUZZ_RUNS'] ?? 200), seed: 20261128, endOnFailure: true },
    )
  })

  test('secret key that was broken into lines of fewer than 12 characters', () => {
    const SECRET = 'q3Zc9QkLm2XvT7+bRw0H/yN4eJ8dKs5uPz1GaFxW'
    const shown = [8, 9, 10, 11].map((every) => withoutSecrets(`no: ${lines(SECRET, every).join('\n')}`))
    expect(shown).toEqual(shown.map(() => 'no: [redacted]'))
    expect(withoutSecrets(lines(SECRET, 14).join('\ud83d'))).toBe('[redacted]')
  })

  test('signed URL, in each of its parts', () => {
    const url = fc.record({ id: keyId, sign: signature, session: sessionToken })
    const names = fc.constantFrom<(text: string) => string>(
      (text) => text,
      (text) => text.toLowerCase(),
      (text) => text.toUpperCase(),
      (text) => text.replaceAll('&', '&amp;'),
      encodeURIComponent,
      (text) => JSON.stringify({ url: text }),
    )
    fc.assert(
      fc.property(before, url, names, after, (left, { id, sign, session }, write, right) => {
        const query = `X-Amz-Credential=${id}%2F20261128&X-Amz-Security-Token=${encodeURIComponent(session)}&X-Amz-Signature=${sign}`
        const text = `GET${left}${write(`https://kafka.eu-west-1.amazonaws.com/?Action=x&${query}`)}${right}`
        const secrets = [id, sign, session, encodeURIComponent(session)].flatMap((one) => [
          one,
          one.toLowerCase(),
          one.toUpperCase(),
        ])
        for (const shown of [withoutSecrets(text), forTelemetry(text)]) expectHidden(shown, secrets)
      }),
      { numRuns: 200, seed: 20261128 },
    )
  })

  test('where the text is cut in the middle of it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 4_200 }),
        secretKey,
        fc.constantFrom(' ', ',', '{}'),
        (length, secret, filler) => {
          const text = `${filler.repeat(4_200).slice(0, length)}${secret}${filler.repeat(4_200)}`
          for (const shown of [withoutSecrets(text, 5_000), forTelemetry(text, 5_000)])
            expectHidden(shown, [secret])
        },
      ),
      { numRuns: 500, seed: 20261128 },
    )
  })
})
