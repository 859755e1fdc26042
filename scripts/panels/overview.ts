/** Several pictures as one. */
import type { Size } from './drawing.ts'

const COLUMNS = 2
const GAP = 10

export function sideBySide(svgs: readonly string[], { width, height }: Size): string {
  const rows = Math.ceil(svgs.length / COLUMNS)
  const whole = { width: COLUMNS * (width + GAP) + GAP, height: rows * (height + GAP) + GAP }
  const placed = svgs.map((svg, index) => {
    const x = GAP + (index % COLUMNS) * (width + GAP)
    const y = GAP + Math.floor(index / COLUMNS) * (height + GAP)
    return `<g transform="translate(${x} ${y})">${svg}</g><rect x="${x}" y="${y}" width="${width}" height="${height}" fill="none" stroke="#d5dbe1"/>`
  })
  return `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="${whole.width}" height="${whole.height}">${placed.join('')}</svg>`
}
