import { ownValue } from '../base/with-properties.ts'
import { guarded, reportOnce } from '../telemetry/guard.ts'

/**
 * A caller's list may be of a class with methods of its own, or a Proxy that throws: it is read by index, once, into an
 * array of our own. undefined where it is no list, or cannot be read.
 */
export const copyOf = <T>(list: unknown): T[] | undefined =>
  guarded('reading a list', () => (Array.isArray(list) ? copied<T>(list) : undefined), undefined)

function copied<T>(list: readonly T[]): T[] {
  const copy = new Array<T>(list.length)
  for (let index = 0; index < copy.length; index += 1) if (index in list) copy[index] = list[index] as T
  return copy
}

/** The same for a list of nothing but objects, else undefined. */
export function objectsIn<T extends object>(list: unknown): T[] | undefined {
  try {
    if (!Array.isArray(list)) return undefined
    const { length } = list
    const copy: T[] = []
    for (let index = 0; index < length; index += 1) {
      const one: unknown = list[index]
      if (typeof one !== 'object' || one === null) return undefined
      copy.push(one as T)
    }
    return copy
  } catch (problem) {
    reportOnce('reading a list', problem)
    return undefined
  }
}

/** The topics of positions to be committed, where they can be read without running a getter or using up an iterator. */
export const topicsOf = (positions: unknown): unknown[] =>
  guarded(
    'reading offsets',
    () => objectsIn(positions)?.map((position) => ownValue(position, 'topic')),
    undefined,
  ) ?? []
