import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { forTelemetry, withoutSecrets } from '../../src/base/foreign-text.ts'

const alphanumeric = (length: number, letters: string) =>
  fc.string({ unit: fc.constantFrom(...letters), minLength: length, maxLength: length })
const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'
const BASE64 = `${UPPER}abcdefghijklmnopqrstuvwxyz+/`
const BASE64URL = `${UPPER}abcdefghijklmnopqrstuvwxyz-_`
const around = fc.constantFrom('', ' ', '"', '(', ': ', '=', '&x=')

const arn = 'arn:aws:sts::123456789012:assumed-role/a-role-with-a-name-that-is-really-rather-long/session'

describe('text of others, quoted in an error', () => {
  test.each([
    [
      'access key id',
      fc.tuple(fc.constantFrom('AKIA', 'ASIA'), alphanumeric(16, UPPER)).map((parts) => parts.join('')),
    ],
    ['secret key', alphanumeric(40, BASE64)],
    ['token', alphanumeric(400, BASE64URL)],
  ])('never holds a window of a %s', (_, secrets) => {
    fc.assert(
      fc.property(around, secrets, around, (before, secret, after) => {
        const shown = withoutSecrets(`error${before}${secret}${after} again`)
        for (let at = 0; at + 16 <= secret.length; at += 1)
          expect(shown).not.toContain(secret.slice(at, at + 16))
      }),
    )
  })

  test('has no secret left where it was percent-encoded, or glued to an ARN', () => {
    const encoded = 'wJalrXUtnFEMI%2FK7MDENG%2FbPxRfiCYEXAMPLEKEY'
    expect(withoutSecrets(`secret=${encoded}`)).toBe('secret=[redacted]')
    expect(withoutSecrets(`${arn}/AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI`)).toBe(`${arn}/[redacted credentials]`)
  })

  test('keeps what a person needs: ARNs, request ids, regions, host names', () => {
    const text = `User: ${arn} is not authorized at sts.eu-west-1.amazonaws.com [0a1b2c3d-1111-2222-3333-444455556666]`
    expect(withoutSecrets(text)).toBe(text)
  })

  test('shows a signed URL without its signature, credential and session token', () => {
    const url =
      'https://kafka.eu-west-1.amazonaws.com/?Action=x&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F1&X-Amz-Signature=abc&X-Amz-Security-Token=def'
    expect(withoutSecrets(url)).toBe(
      'https://kafka.eu-west-1.amazonaws.com/?Action=x&X-Amz-Credential=[redacted]&X-Amz-Signature=[redacted]&X-Amz-Security-Token=[redacted]',
    )
  })
})

describe('text on its way into telemetry', () => {
  test('names no role and no account', () => {
    expect(forTelemetry(`User: ${arn} of 123456789012, IAM.arn.aws.sts.x: IAM.arn.aws.sts.y`)).toBe(
      'User: [arn] of [account], [arn] [arn]',
    )
  })

  test('is short', () => {
    expect(forTelemetry('word '.repeat(1000))).toHaveLength(300)
  })
})
