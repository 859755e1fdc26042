/** Node fires a timer at once that is longer. */
const LONGEST_TIMER_MS = 2_147_483_647

export function wholeNumber(option: string, value: unknown, from: number): void {
  if (Number.isInteger(value) && (value as number) >= from) return
  throw new RangeError(`${option} is ${shown(value)}; it takes a whole number from ${from} on`)
}

export function milliseconds(option: string, value: unknown): void {
  if (typeof value === 'number' && value > 0 && value <= LONGEST_TIMER_MS) return
  throw new RangeError(
    `${option} is ${shown(value)}; it takes milliseconds above 0, up to ${LONGEST_TIMER_MS}`,
  )
}

/** JSON has no NaN. */
export const shown = (value: unknown): string =>
  typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? String(value))
