/** A sentence that names the one that was probably meant; empty where none is near. */
export function didYouMean(given: string, known: readonly string[], quote = '`'): string {
  const found = nearest(given, known)
  return found === undefined ? '' : ` Did you mean ${quote}${found}${quote}?`
}

const LONGEST = 60
const FARTHEST = 2

function nearest(given: string, known: readonly string[]): string | undefined {
  if (given.length > LONGEST) return undefined
  const ranked = known
    .map((name) => ({ name, edits: edits(given.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, edits }) => edits <= FARTHEST && edits < name.length / 2)
  return ranked.sort((one, other) => one.edits - other.edits)[0]?.name
}

/** How many characters have to be put in, left out or replaced (Levenshtein). */
function edits(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let line = 1; line <= from.length; line += 1) {
    const next = [line]
    for (let column = 1; column <= to.length; column += 1) {
      const replaced = (row[column - 1] ?? 0) + (from[line - 1] === to[column - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
