import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { widthOf } from '../../scripts/panels/drawing.ts'
import { legendOf } from '../../scripts/panels/legend.ts'
import { drawPanels } from '../../scripts/panels/panels.ts'
import { intervalsOf, range } from '../../scripts/panels/range.ts'
import { written } from '../../scripts/panels/units.ts'

const from = Date.parse('2026-11-23T14:00:00Z') / 1000
const to = from + 3600

/** What the next question is answered with, and what was asked. */
let answer: (query: string) => object[] = () => []
const asked: string[] = []
let server: Server
let url: string

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const query = new URLSearchParams(await text(request)).get('query') ?? ''
    asked.push(query)
    response.end(JSON.stringify({ status: 'success', data: { result: answer(query) } }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})

afterEach(() => {
  asked.length = 0
})

afterAll(() => server.close())

const series = (metric: object, value: number, times = [from, from + 60, from + 180]) => ({
  metric,
  values: times.map((time) => [time, `${value}`]),
})

describe('lines', () => {
  const question = { span: { from, to: from + 180 }, choices: { service: ['orders'] } }

  test('have a gap where Prometheus had no value, and the name that the legend says', async () => {
    answer = () => [series({ error_type: 'access_denied' }, 3)]
    const lines = await range('up{service_name=~"$service"}', '{{error_type}}', 60, { url, ...question })
    expect(asked).toEqual(['up{service_name=~"orders"}'])
    expect(lines).toEqual([
      {
        name: 'access_denied',
        points: [
          [from * 1000, 3],
          [(from + 60) * 1000, 3],
          [(from + 120) * 1000, null],
          [(from + 180) * 1000, 3],
        ],
      },
    ])
  })

  test('of a quantile of nothing have a gap too', async () => {
    answer = () => [{ metric: {}, values: [[from, 'NaN']] }]
    const [line] = await range('up', 'p95', 60, { url, ...question })
    expect(line?.points[0]).toEqual([from * 1000, null])
  })

  test('an alert fires from its first point to the one after its last, or to the end', () => {
    const points = [null, 2, 2, 1, null, 2].map((value, index) => [index * 1000, value] as const)
    expect(intervalsOf({ name: 'MskIamTokenExpiring', points }, 2)).toEqual([
      [1000, 3000],
      [5000, 6000],
    ])
  })
})

describe('texts', () => {
  test.each([
    [0, 's', '0'],
    [0.0253, 's', '25.3 ms'],
    [90, 's', '90 s'],
    [870, 's', '14.5 min'],
    [43_200, 's', '12 h'],
    [0.0144, 'percentunit', '1.44 %'],
    [12.5, 'suffix: /s', '12.5 /s'],
    [3, 'short', '3'],
  ])('%d in %s is written %s', (value, unit, expected) => {
    expect(written(value, unit)).toBe(expected)
  })

  test('a legend of many names breaks into rows, and none lies over another or leaves the picture', () => {
    const names = Array.from({ length: 12 }, (_, index) => `TRANSACTIONAL_ID_AUTHORIZATION_FAILED_${index}`)
    const { elements, height } = legendOf(
      names.map((name) => ({ name, color: '#000000' })),
      { width: 830, height: 320 },
    )
    const places = (elements as { type: string; x: number; y: number; style: { text: string } }[])
      .filter(({ type }) => type === 'text')
      .map(({ x, y, style }) => ({ x, y, end: x + widthOf(style.text, 12) }))
    expect(places).toHaveLength(12)
    expect(height).toBe(20 * new Set(places.map(({ y }) => y)).size)
    for (const place of places) {
      expect(place.end).toBeLessThanOrEqual(830)
      expect(place.y).toBeLessThan(320)
      const after = places.filter((other) => other.y === place.y && other.x > place.x)
      for (const other of after) expect(other.x).toBeGreaterThan(place.end)
    }
  })
})

test('npm run panels draws the key panels and an overview of all', { timeout: 60_000 }, async () => {
  const told = vi.spyOn(console, 'log').mockReturnValue()
  answer = (query) =>
    query.includes('ALERTS')
      ? [series({ alertname: 'MskIamTokenExpiring' }, query.includes('2 *') ? 2 : 1)]
      : [series({ error_type: 'sts_unreachable' }, 300)]
  const out = mkdtempSync(join(tmpdir(), 'panels-'))
  try {
    await drawPanels(['--prometheus', url, '--from', '2026-11-23T14:00:00Z', '--to', `${to}`, '--out', out])
    const sizes = readdirSync(out).map((file) => [file, sizeOf(readFileSync(join(out, file)))])
    const alone = { width: 1660, height: 640 }
    expect(Object.fromEntries(sizes)).toEqual({
      'token-life-left.png': alone,
      'refreshes-by-result.png': alone,
      'authentications-by-outcome.png': alone,
      'messages-per-second-by-outcome.png': alone,
      'duration-of-a-send.png': alone,
      'alerts-over-time.png': alone,
      'dashboard.png': { width: 2140, height: 1760 },
    })
    expect(told).toHaveBeenCalledTimes(7)
  } finally {
    told.mockRestore()
    rmSync(out, { recursive: true })
  }
})

test('a query that Prometheus refuses is told', async () => {
  answer = () => {
    throw new Error('unused')
  }
  const refusing = createServer((_, response) =>
    response.end('{"status":"error","error":"too many samples"}'),
  )
  await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve))
  const question = {
    url: `http://127.0.0.1:${(refusing.address() as AddressInfo).port}`,
    span: { from, to },
    choices: {},
  }
  await expect(range('up', '', 60, question)).rejects.toThrow('Prometheus refused up: too many samples')
  refusing.close()
})

/** Of a PNG: its first chunk. */
function sizeOf(png: Buffer): { width: number; height: number } {
  expect(png.subarray(1, 4).toString()).toBe('PNG')
  return { width: png.readUInt32BE(16), height: png.readUInt32BE(20) }
}
