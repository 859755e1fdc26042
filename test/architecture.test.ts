import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'

const root = `${import.meta.dirname}/..`

/** Room → the rooms that it may import, in the order of the table. */
const rooms = new Map(
  [...readFileSync(`${root}/ARCHITECTURE.md`, 'utf8').matchAll(/^\| `(\w+)`.*\|(.*)\|$/gm)].map(
    ([, room = '', imports = '']) => [room, [...imports.matchAll(/`(\w+)`/g)].map(([, name = '']) => name)],
  ),
)

const roomOf = (file: string): string => {
  const [, room = '', inside] = normalize(file).split('/')
  return inside === undefined ? 'makers' : room
}

const imported = /(?:\bfrom|\bimport\()\s*'(\.[^']+)'/g

/** Each import of another room, as `file → file`. */
const arrows = globSync('src/**/*.ts', { cwd: root }).flatMap((file) =>
  [...readFileSync(join(root, file), 'utf8').matchAll(imported)].map(([, path = '']) => ({
    from: file,
    to: join(dirname(file), path),
  })),
)

test('the table of ARCHITECTURE.md has every room of src', () => {
  const found = new Set(globSync('src/**/*.ts', { cwd: root }).map(roomOf))
  expect([...rooms.keys()].sort()).toEqual([...found].sort())
})

test('a room imports only what the table of ARCHITECTURE.md lets it', () => {
  const forbidden = arrows.filter(
    ({ from, to }) => roomOf(from) !== roomOf(to) && !rooms.get(roomOf(from))?.includes(roomOf(to)),
  )
  expect(forbidden.map(({ from, to }) => `${from} → ${to}`)).toEqual([])
})

test('the table lets nobody import what nobody imports', () => {
  const used = new Set(arrows.map(({ from, to }) => `${roomOf(from)} → ${roomOf(to)}`))
  const allowed = [...rooms].flatMap(([from, imports]) => imports.map((to) => `${from} → ${to}`))
  expect(allowed.filter((arrow) => !used.has(arrow))).toEqual([])
})

test('imports go one way: only to rooms that stand above in the table', () => {
  const order = [...rooms.keys()]
  const upwards = [...rooms].flatMap(([from, imports]) =>
    imports.filter((to) => order.indexOf(to) >= order.indexOf(from)).map((to) => `${from} → ${to}`),
  )
  expect(upwards).toEqual([])
})
