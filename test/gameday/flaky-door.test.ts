import { expect, test } from 'vitest'
import { flakyDoor } from '../../gameday/flaky-door.ts'
import { startLocalSts } from '../../src/testing/index.ts'

const ask = (url: string) =>
  fetch(url, { method: 'POST', body: new URLSearchParams({ Action: 'GetCallerIdentity' }) }).then(
    ({ status }) => status,
    () => 'no answer',
  )

test('the door to the STS slams every other time, but only when it is told to', async () => {
  await using sts = await startLocalSts()
  await using door = await flakyDoor(sts.url)
  expect([await ask(door.url), await ask(door.url)]).toEqual([200, 200])
  door.flaky = true
  expect([await ask(door.url), await ask(door.url), await ask(door.url), await ask(door.url)]).toEqual([
    'no answer',
    200,
    'no answer',
    200,
  ])
  door.flaky = false
  expect([await ask(door.url), await ask(door.url)]).toEqual([200, 200])
  expect(sts.requests).toHaveLength(6)
})
