import { readFileSync } from 'node:fs'
import { afterEach, expect, test, vi } from 'vitest'

const read = (path: string) => readFileSync(new URL(path, import.meta.url), 'utf8')
const section =
  read('../../docs/testing-your-service.md').split('\n## Other clients\n')[1]?.split('\n## ')[0] ?? ''
const examples = ['confluent', 'platformatic']

afterEach(() => vi.restoreAllMocks())

test.each(examples)('the example of docs/testing-your-service.md for %s works', async (client) => {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  vi.spyOn(console, 'info').mockImplementation(() => undefined) // confluent's client tells of its connects
  await import(`./${client}/example.ts`)
  expect(log.mock.calls).toContainEqual([['tea']])
})

test('it is these examples that the page has', () => {
  const blocks = [...section.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code]) => code)
  expect(blocks).toEqual(examples.map((client) => read(`${client}/example.ts`)))
})

test("what the page says of confluent's other API is what its test does", () => {
  const withoutIndents = (code: string) => code.replaceAll(/^ +/gm, '')
  const [, code = 'no such block'] = /^```js\n(.*?)^```$/ms.exec(section) ?? []
  expect(withoutIndents(read('confluent/rdkafka-api.test.ts'))).toContain(withoutIndents(code))
})

test.each(examples)('the version that the page names for %s is the one that is tested', (client) => {
  const { dependencies } = JSON.parse(read(`${client}/package.json`)) as {
    dependencies: Record<string, string>
  }
  for (const [name, version] of Object.entries(dependencies)) expect(section).toContain(`${name} ${version}`)
})
