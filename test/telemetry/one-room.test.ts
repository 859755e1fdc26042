import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const source = join(import.meta.dirname, '../../src')

/** Values, not types, that a file imports from OpenTelemetry's API. */
function importedValues(file: string): string[] {
  const text = readFileSync(join(source, file), 'utf8')
  const imports = text.matchAll(/^import (?!type )([^;]*?) from '@opentelemetry\/api'/gm)
  return [...imports].flatMap(([, clause = '']) =>
    clause
      .split(/[{},]/)
      .map((name) => name.trim())
      .filter((name) => name !== '' && !name.startsWith('type ')),
  )
}

test('only src/telemetry calls OpenTelemetry, where nothing that it does can reach the operation', () => {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  )
  // The demo has an SDK of its own.
  const others = files.filter((file) => !/^(telemetry|cli)\//.test(file))
  expect(others.length).toBeGreaterThan(50)
  const found = others.flatMap((file) => importedValues(file).map((name) => `${file}: ${name}`))
  expect(found.filter((one) => !one.endsWith(': SpanKind'))).toEqual([])
  expect(found.length).toBeGreaterThan(0)
})
