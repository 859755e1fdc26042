/** A legend that breaks into as many rows as it needs, and says how high it is: nothing is drawn over it. */
import { ink } from './colors.ts'
import { FONT, type Size, widthOf } from './drawing.ts'

export interface Entry {
  readonly name: string
  readonly color: string
  readonly dashed?: boolean
  readonly area?: boolean
}

const TEXT = 12
const ROW = 20
const SWATCH = 18
const GAP = 20
const SIDE = 14

export function legendOf(
  entries: readonly Entry[],
  { width, height }: Size,
): { height: number; elements: object[] } {
  const rows: { entry: Entry; x: number }[][] = [[]]
  let x = SIDE
  for (const entry of entries) {
    const wide = SWATCH + 6 + widthOf(entry.name, TEXT) + GAP
    if (x > SIDE && x + wide - GAP > width - SIDE) {
      rows.push([])
      x = SIDE
    }
    rows.at(-1)?.push({ entry, x })
    x += wide
  }
  const tall = rows.length * ROW
  const elements = rows.flatMap((row, index) =>
    row.flatMap((placed) => elementsOf(placed.entry, placed.x, height - tall - 6 + index * ROW)),
  )
  return { height: tall, elements }
}

function elementsOf({ name, color, dashed = false, area = false }: Entry, x: number, y: number): object[] {
  const middle = y + ROW / 2
  const swatch = area
    ? { type: 'rect', shape: { x, y: middle - 6, width: SWATCH, height: 12 }, style: { fill: color } }
    : {
        type: 'line',
        shape: { x1: x, y1: middle, x2: x + SWATCH, y2: middle },
        style: { stroke: color, lineWidth: dashed ? 1.5 : 3, ...(dashed && { lineDash: [5, 4] }) },
      }
  const text = {
    type: 'text',
    x: x + SWATCH + 6,
    y: middle,
    style: { text: name, fill: ink, font: `${TEXT}px ${FONT}`, verticalAlign: 'middle' },
  }
  return [swatch, text]
}
