/** Numbers as a page has them. */

/** Three digits that count; a space between thousands. */
export function count(amount: number): string {
  const digits = amount === 0 ? 0 : Math.floor(Math.log10(Math.abs(amount)))
  const kept = Number.isInteger(amount) && amount < 10_000 ? amount : Number(amount.toPrecision(3))
  return kept
    .toFixed(Number.isInteger(kept) ? 0 : Math.max(0, 2 - digits))
    .replaceAll(/\B(?=(\d{3})+(?!\d))/g, ' ')
}

/** Powers of 1000, as disks and networks are sold. */
export function bytes(amount: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB']
  const power = amount < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(amount) / 3))
  return `${Number((amount / 1000 ** power).toPrecision(3))} ${units[power]}`
}

export const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
