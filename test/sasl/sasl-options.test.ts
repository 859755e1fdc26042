import { diag } from '@opentelemetry/api'
import { afterEach, describe, expect, test } from 'vitest'
import { createMskIamConnection, createMskIamSasl, type MskIamSaslOptions } from '../../src/index.ts'
import { diagWarnings } from '../support/diag.ts'

const given = (options: unknown) => () => createMskIamSasl(options as MskIamSaslOptions)
afterEach(() => diag.disable())

describe('a wrong option is refused at once, by name, with what it takes', () => {
  test.each([
    [undefined, "the options are undefined. Give an object: createMskIamSasl({ region: 'eu-west-1' })."],
    [{}, '`region` is undefined. It takes the region of the MSK cluster, for example eu-west-1.'],
    [{ region: '' }, '`region` is an empty string. It takes the region'],
    [{ region: 'EU-WEST-1' }, '`region` is "EU-WEST-1". It takes the region'],
    [{ region: 'eu west 1' }, '`region` is "eu west 1". It takes the region'],
    [
      { region: 'eu-west-1a' },
      '`region` is "eu-west-1a". It takes a region, not an availability zone: eu-west-1.',
    ],
    [
      { region: 'eu-west-1', awsStsRegion: 'x' },
      '`awsStsRegion` is a string. It takes the region of an STS endpoint',
    ],
    [
      { region: 'eu-west-1', awsProfile: ' ' },
      '`awsProfile` is a blank string. It takes a text that is not empty',
    ],
    [{ region: 'eu-west-1', awsRoleArn: 'orders' }, '`awsRoleArn` is a string. It takes a role ARN'],
    [
      { region: 'eu-west-1', awsRoleSessionName: 'a b' },
      '`awsRoleSessionName` is a string. It takes 2 to 64 letters',
    ],
    [
      { region: 'eu-west-1', refreshAheadMs: -1 },
      '`refreshAheadMs` is -1. It takes milliseconds from 0 to 2147483647 (24.8 days).',
    ],
    [{ region: 'eu-west-1', refreshAheadMs: Number.NaN }, '`refreshAheadMs` is NaN. It takes milliseconds'],
    [
      { region: 'eu-west-1', minTokenLifeMs: Number.POSITIVE_INFINITY },
      '`minTokenLifeMs` is Infinity. It takes milliseconds',
    ],
    [{ region: 'eu-west-1', refreshAheadMs: '60' }, '`refreshAheadMs` is a string. It takes milliseconds'],
    [{ region: 'eu-west-1', principal: '' }, '`principal` is an empty string. It takes a text'],
    [{ region: 'eu-west-1', name: 7 }, '`name` is 7. It takes a text'],
    [
      { region: 'eu-west-1', backgroundRefresh: 'no' },
      '`backgroundRefresh` is a string. It takes true or false.',
    ],
    [{ region: 'eu-west-1', signer: {} }, '`signer` is an object. It takes an object with generateAuthToken'],
    [
      { region: 'eu-west-1', credentials: { accessKeyId: 'a' } },
      '`credentials` is an object whose `secretAccessKey` is undefined.',
    ],
    [
      { region: 'eu-west-1', refreshAhead: 5 },
      'there is no option `refreshAhead`. Did you mean `refreshAheadMs`? The options are region, awsProfile',
    ],
    [
      { region: 'eu-west-1', awsProfile: 'a', awsRoleArn: 'arn:aws:iam::123456789012:role/a' },
      '`awsProfile` and `awsRoleArn` were given together. Give one of them',
    ],
    [
      { region: 'eu-west-1', credentials: async () => ({}), signer: { generateAuthToken: async () => ({}) } },
      '`credentials` and `signer` were given together.',
    ],
  ])('%j', (options, message) => {
    expect(given(options)).toThrow(message)
    expect(given(options)).toThrow(
      expect.objectContaining({ name: 'MskIamConfigurationError', retriable: false }),
    )
  })

  test('and never shows a secret that was put in the wrong place', () => {
    const secret = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY'
    expect(given({ region: secret })).toThrow('`region` is a string.')
    expect(given({ region: 'eu-west-1', awsRoleArn: secret })).toThrow('`awsRoleArn` is a string.')
    expect(given({ region: 'eu-west-1', credentials: { secretAccessKey: secret } })).not.toThrow(secret)
  })

  test('also in createMskIamConnection', () => {
    expect(() => createMskIamConnection({ region: 'nowhere' })).toThrow(
      'createMskIamConnection: `region` is a string',
    )
  })
})

test('0 is a number of milliseconds like any other', () => {
  expect(given({ region: 'eu-west-1', refreshAheadMs: 0, minTokenLifeMs: 0 })).not.toThrow()
})

test.each([
  'eu-west-1',
  'us-gov-west-1',
  'cn-northwest-1',
  'ap-southeast-5',
  'mx-central-1',
  'eusc-de-east-1',
  'us-isob-east-1',
  'il-central-1',
])('%s is a region like any other', (region) => {
  const warn = diagWarnings()
  expect(given({ region })).not.toThrow()
  expect(warn).not.toHaveBeenCalled()
})

test('a region in no known partition is warned of, since AWS may have made it since', () => {
  const warn = diagWarnings()
  expect(given({ region: 'mars-west-9' })).not.toThrow()
  expect(warn.mock.calls[0]?.[0]).toContain('`region` is "mars-west-9"')
})
