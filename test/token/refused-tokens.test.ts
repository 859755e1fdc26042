import { expect, test } from 'vitest'
import { RefusedTokens } from '../../src/token/refused-tokens.ts'
import { checkedToken } from '../../src/token/token.ts'
import { fakeRuntime } from '../support/fake-runtime.ts'

const setUp = () => {
  const runtime = fakeRuntime()
  const token = (value: string) =>
    checkedToken({ token: value, expiryTime: runtime.now() + 900_000 }, runtime)
  return { runtime, token, refused: new RefusedTokens(runtime) }
}

test('a refusal asks for the credentials anew, until that has succeeded', () => {
  const { refused, token } = setUp()
  expect(refused.credentialsAnew).toBe(false)
  refused.add(token('a'))
  expect(refused.credentialsAnew).toBe(true)
  refused.credentialsRenewed()
  expect(refused.credentialsAnew).toBe(false)
})

test('refusals that follow each other ask again after 30 s only', async () => {
  const { refused, runtime, token } = setUp()
  refused.add(token('a'))
  refused.credentialsRenewed()
  await runtime.advance(29_999)
  refused.add(token('b'))
  expect(refused.credentialsAnew).toBe(false)
  await runtime.advance(1)
  refused.add(token('c'))
  expect(refused.credentialsAnew).toBe(true)
})

test('a refused token stays refused, also when it has ended and the wall clock goes back; of many, the last 1,000', async () => {
  const { refused, runtime, token } = setUp()
  refused.add(token('a'))
  expect(refused.has('a')).toBe(true)
  await runtime.advance(900_000)
  refused.add(token('b'))
  runtime.jump(-900_000)
  expect([refused.has('a'), refused.has('b')]).toEqual([true, true])
  for (let number = 0; number < 999; number += 1) refused.add(token(`t${number}`))
  expect([refused.has('a'), refused.has('b'), refused.has('t998')]).toEqual([false, true, true])
})
