/** Values that no option of a kind takes. */
export type Bad = readonly unknown[]

const numbers: Bad = [
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  '5',
  '',
  true,
  [5],
  {},
  new Date(5),
]

export const bad = {
  text: ['', ' ', 'a\n', ' a', 'a\u0000b', 'x'.repeat(40_000), 5, true, {}, ['a'], () => 'a'],
  flag: ['false', 'true', '', 0, 1, {}, [], () => true],
  milliseconds: [...numbers, 2 ** 31, Number.MAX_SAFE_INTEGER, Number.MAX_VALUE],
  wholeNumber: [...numbers, 0.5, 2 ** 53],
} satisfies Readonly<Record<string, Bad>>
