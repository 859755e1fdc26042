import { describe, expect, test } from 'vitest'
import { MskIamConfigurationError } from '../../../src/index.ts'
import { IdentityRegistry, type SandboxIdentity } from '../../../src/testing/iam/identities.ts'
import {
  isLocalKey,
  localSecretOf,
  localSessionOf,
  mintCredentials,
} from '../../../src/testing/iam/local-keys.ts'
import { orders } from './tokens.ts'

describe('An identity with which nobody could sign is refused at once, and its keys are not told:', () => {
  test.each([
    ['no principal', { principal: '' }, '`principal` is an empty string.'],
    ['an access key id that is too short', { accessKeyId: 'AKIAORDERS' }, 'It takes 16 to 128 characters'],
    [
      'an access key id in small letters',
      { accessKeyId: 'akialocalorders00001' },
      'It takes 16 to 128 characters',
    ],
    ['an access key id of the local STS', { accessKeyId: 'ASIALOCAL00000000001' }, 'those of the local STS'],
    ['no secret', { secretAccessKey: '' }, '`secretAccessKey` is an empty string.'],
  ])('%s', (_, wrong, message) => {
    const add = () => new IdentityRegistry([{ ...orders, ...wrong }])
    expect(add).toThrow(MskIamConfigurationError)
    expect(add).toThrow(message)
    expect(add).not.toThrow('accessKeyId' in wrong ? wrong.accessKeyId : orders.accessKeyId)
  })
})

test('an identity is changed by adding it again, and not behind the back of the sandbox', () => {
  const mine = { ...orders, permissions: { 'kafka-cluster:Connect': true } }
  const identities = new IdentityRegistry([mine])
  mine.permissions['kafka-cluster:Connect'] = false
  expect(identities.mayConnect('orders-service')).toBe(true)
  identities.add(mine)
  expect(identities.mayConnect('orders-service')).toBe(false)
})

test('a principal may connect while one of its identities may', () => {
  const identities = new IdentityRegistry([
    orders,
    { ...orders, accessKeyId: 'AKIALOCALORDERS00002', permissions: {} },
  ])
  expect(identities.mayConnect('orders-service')).toBe(true)
  identities.remove(orders.accessKeyId)
  expect(identities.mayConnect('orders-service')).toBe(false)
  expect(identities.mayConnect('nobody')).toBe(false)
  expect(identities.remove(orders.accessKeyId)).toBe(false)
})

test.each([
  [
    { 'kafka-cluster:WriteDate': ['orders'] },
    'there is no option `kafka-cluster:WriteDate` in `permissions`. Did you mean `kafka-cluster:WriteData`?',
  ],
  [
    { WriteData: ['orders'] },
    'there is no option `WriteData` in `permissions`. The options are kafka-cluster:Connect, ',
  ],
  [
    { 'kafka-cluster:Connect': 'yes' },
    '`permissions.kafka-cluster:Connect` is a string. It takes true or false.',
  ],
  [{ 'kafka-cluster:WriteData': true }, 'It takes names: orders, orders* or *.'],
  [{ 'kafka-cluster:WriteData': ['*-orders'] }, 'It takes names: orders, orders* or *.'],
])('a permission that is none is refused: %j', (permissions, message) => {
  const identity = { ...orders, permissions } as SandboxIdentity
  expect(() => new IdentityRegistry([identity])).toThrow(message)
})

test('one whose last key is gone may go on with what it had, but not connect', () => {
  const permissions = { 'kafka-cluster:Connect': true, 'kafka-cluster:WriteData': ['orders'] }
  const identities = new IdentityRegistry([{ ...orders, permissions }])
  identities.remove(orders.accessKeyId)
  expect(identities.mayConnect('orders-service')).toBe(false)
  const rights = identities.rightsOf('orders-service')
  expect(['orders', 'others'].map((topic) => rights.mayWrite(topic))).toEqual([true, false])
  identities.add({ ...orders, permissions: {} })
  expect(identities.rightsOf('orders-service').mayWrite('orders')).toBe(false)
})

describe('The keys of the local STS', () => {
  test("have the secret that the stack's broker works out as well", () => {
    // openssl dgst -sha256 -hmac 'kafka-iam-otel test key, not a secret' -binary | base64
    expect(localSecretOf('ASIALOCAL00000000001')).toBe('qcnkSfz0EYCtPhNTocwWvUW6yH7U9p7uxyNgbwDGLGs=')
  })

  test('say whose they are and until when', () => {
    const keys = mintCredentials('orders-service', new Date(1_800_000_000_000))
    expect(isLocalKey(keys.accessKeyId)).toBe(true)
    expect(keys.secretAccessKey).toBe(localSecretOf(keys.accessKeyId))
    expect(localSessionOf(keys.sessionToken)).toEqual({
      principal: 'orders-service',
      expiration: 1_800_000_000_000,
    })
    expect(mintCredentials('orders-service', keys.expiration).accessKeyId).not.toBe(keys.accessKeyId)
  })
})
