import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { forTelemetry, withoutSecrets } from '../../src/base/foreign-text.ts'
import { catalogue } from '../../src/failures/catalogue.ts'

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
    ['a colour in eight bits', 'a \u009b31mred\u009b0m word', 'a red word'],
    ['a line break of HTML', 'first<br>second<br />third', 'first second third'],
    ['a variation selector, a filler, a joiner', 'Acc\ufe0fess\u3164 den\u034fied', 'Access denied'],
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

  test.each([
    'getaddrinfo ENOTFOUND boot-zs9x8kq2.c3.kafka-serverless.us-east-1.amazonaws.com',
    'is not authorized to perform: sts:AssumeRoleWithSAML',
    'An error occurred (IDPRejectedClaim): the ID token is no JWT',
    'IDPCommunicationErrorException: the identity provider could not be reached',
    'JWTPayloadSizeExceededException: the payload exceeds the maximum',
    'credential_source is Ec2InstanceMetadata',
    'NGHTTP2_REFUSED_STREAM NGHTTP2_ENHANCE_YOUR_CALM',
    'ClientHttp2Session refcount at zero, cannot decrement.',
    'AWS_SIGV4A_SIGNING_REGION_SET AWS_USE_FIPS_ENDPOINT',
    'C0A7E1E07F000000:error:0A000126:SSL routines::unexpected eof while reading:ssl/record/rec_layer_s3.c:701:',
    'commitOffsetsIfNecessary onDisconnect httpStatusCode rawKafkaJsProducerConfig',
  ])('reads as it was: %s', (text) => {
    expect(withoutSecrets(text)).toBe(text)
  })

  test('an id that somebody made up costs no more of an ARN, a path or a host than itself', () => {
    expect(
      [
        'arn:aws:iam::123456789012:role/OrdersFn-LambdaRole-9Xk2ZpQ4rTab',
        '/latest/meta-data/iam/security-credentials/orders-Ab3dEf9Gh2K',
        'https://oidc.eks.eu-west-1.amazonaws.com/id/5C9E1A9F8B2D4C7A8E6F0B1D2C3A4E5F',
      ].map((text) => withoutSecrets(text)),
    ).toEqual([
      'arn:aws:iam::123456789012:role/OrdersFn-LambdaRole-[redacted]',
      '/latest/meta-data/iam/security-credentials/orders-[redacted]',
      'https://oidc.eks.eu-west-1.amazonaws.com/[redacted]',
    ])
  })

  test('does not touch the words of the catalogue', () => {
    const words = catalogue.flatMap(({ title, hint }) => [title, hint])
    expect(words.map((text) => withoutSecrets(text))).toEqual(words)
  })
})
