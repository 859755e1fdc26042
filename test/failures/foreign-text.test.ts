import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { catalogue } from '../../src/failures/catalogue.ts'
import { forTelemetry, withoutSecrets } from '../../src/failures/redact.ts'

const CONTROL = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u

describe('text of others, as it is shown', () => {
  test.each([
    ['a colour of a terminal', 'a \u001b[31mred\u001b[0m word', 'a red word'],
    ['a title of a terminal', '\u001b]0;owned\u0007word', 'word'],
    ['line breaks', 'first\r\nsecond\u2028third\u2029fourth\u0085fifth', 'first second third fourth fifth'],
    ['a direction mark', 'user\u202etxt.exe\u2066', 'usertxt.exe'],
    ['characters of no width', 'Acc\u200bess den\ufeffied', 'Access denied'],
    ['half a character', 'broken \ud83d emoji', 'broken \ufffd emoji'],
    ['a null', 'a\0b', 'a b'],
  ])('has no %s that acts', (_, text, expected) => {
    expect(withoutSecrets(text)).toBe(expected)
    expect(forTelemetry(text)).toBe(expected)
  })

  test('is one well-formed line of limited length without invisible characters, whatever it was', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 1_500, size: 'max' }), (text) => {
        for (const shown of [withoutSecrets(text), forTelemetry(text)]) {
          expect(CONTROL.test(shown)).toBe(false)
          expect(shown.isWellFormed()).toBe(true)
          expect(shown.length).toBeLessThanOrEqual(1_000)
        }
      }),
      { seed: 20261128, numRuns: 50, endOnFailure: true },
    )
  })

  test('is the same when it is cleaned once more', () => {
    const piece = fc.constantFrom(
      'password=hunter2 ',
      'X-Amz-Signature=ab&',
      'AKIAIOSFODNN7EXAMPLE',
      ' arn:aws:iam::1:role/x',
      'wJalrXUtnFEMI/K7MDENG',
      ' 123456789012',
      '://u:p@h',
      '\n',
      ' word ',
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const once = forTelemetry(pieces.join(''))
        expect(forTelemetry(once)).toBe(once)
      }),
      { seed: 20261128 },
    )
  })

  test('of a megabyte, only the beginning is looked at', () => {
    const beginning = 'Access denied. '.repeat(200)
    expect(withoutSecrets(beginning + 'x'.repeat(1_000_000), 5_000)).toBe(
      withoutSecrets(beginning + 'x'.repeat(2_000), 5_000),
    )
  })

  test('reads as it was, where there is nothing to hide', () => {
    for (const text of [
      "ENOENT: no such file or directory, open '/var/run/secrets/eks.amazonaws.com/serviceaccount/token'",
      'Signature expired: 20261128T100000Z is now earlier than 20261128T101500Z (20261128T102000Z - 5 min.)',
      'KafkaJSNumberOfRetriesExceeded: Connection error: getaddrinfo ENOTFOUND b-1.orders.abc123.c2.kafka.eu-west-1.amazonaws.com',
      'STSServiceException: Not authorized to perform sts:AssumeRoleWithWebIdentity',
      'EKS does not have permissions to assume the associated role',
      'Set AWS_CONTAINER_CREDENTIALS_RELATIVE_URI for createMskIamConnection',
      '[0a1b2c3d-1111-2222-3333-444455556666]: Access denied',
      'arn:aws:iam::123456789012:role/OrdersStack-TaskRole30FC0FBB-1ABCDEFGHIJ2K',
    ])
      expect(withoutSecrets(text)).toBe(text)
  })

  test('does not touch the words of the catalogue', () => {
    const words = catalogue.flatMap(({ title, hint }) => [title, hint])
    expect(words.map((text) => withoutSecrets(text))).toEqual(words)
  })
})
