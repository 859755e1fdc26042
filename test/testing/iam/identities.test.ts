import { describe, expect, test } from 'vitest'
import { IdentityRegistry } from '../../../src/testing/iam/identities.ts'
import {
  isLocalKey,
  localSecretOf,
  localSessionOf,
  mintCredentials,
} from '../../../src/testing/iam/local-keys.ts'
import { orders } from './tokens.ts'

describe('An identity with which nobody could sign is refused at once, and its keys are not told:', () => {
  test.each([
    ['no principal', { principal: '' }, 'An identity needs a principal.'],
    ['an access key id that is too short', { accessKeyId: 'AKIAORDERS' }, 'has 16 to 128 characters'],
    [
      'an access key id in small letters',
      { accessKeyId: 'akialocalorders00001' },
      'has 16 to 128 characters',
    ],
    ['an access key id of the local STS', { accessKeyId: 'ASIALOCAL00000000001' }, 'those of the local STS'],
    ['no secret', { secretAccessKey: '' }, 'An identity needs a secret access key.'],
  ])('%s', (_, wrong, message) => {
    const add = () => new IdentityRegistry([{ ...orders, ...wrong }])
    expect(add).toThrow(TypeError)
    expect(add).toThrow(message)
    expect(add).not.toThrow('accessKeyId' in wrong ? wrong.accessKeyId : orders.accessKeyId)
  })
})

test('an identity is changed by adding it again, and not behind the back of the sandbox', () => {
  const mine = { ...orders, connect: true }
  const identities = new IdentityRegistry([mine])
  mine.connect = false
  expect(identities.mayConnect('orders-service')).toBe(true)
  identities.add(mine)
  expect(identities.mayConnect('orders-service')).toBe(false)
})

test('a principal may connect while one of its identities may', () => {
  const identities = new IdentityRegistry([
    orders,
    { ...orders, accessKeyId: 'AKIALOCALORDERS00002', connect: false },
  ])
  expect(identities.mayConnect('orders-service')).toBe(true)
  identities.remove(orders.accessKeyId)
  expect(identities.mayConnect('orders-service')).toBe(false)
  expect(identities.mayConnect('nobody')).toBe(false)
  expect(identities.remove(orders.accessKeyId)).toBe(false)
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
