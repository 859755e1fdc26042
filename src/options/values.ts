import { LONGEST_TIMER_MS } from '../base/clocks-and-timers.ts'
import { withoutSecrets } from '../base/foreign-text.ts'
import { MskIamConfigurationError } from '../failures/errors.ts'
import { type Check, CONTROL, misfit, type Place, whatFits } from './check.ts'

/** For labels, names and ids. Kafka counts the bytes of its own in 16 bits. */
const LONGEST_TEXT = 1_000

export const text: Check<string> = whatFits(
  `a text that is not empty: up to ${LONGEST_TEXT} characters, no space around it, no control character`,
  (value) =>
    typeof value === 'string' &&
    value !== '' &&
    value === value.trim() &&
    value.length <= LONGEST_TEXT &&
    !CONTROL.test(value),
)

export const flag: Check<boolean> = whatFits('true or false', (value) => typeof value === 'boolean')

export const matching = (shape: RegExp, takes: string): Check<string> =>
  whatFits(takes, (value) => typeof value === 'string' && shape.test(value))

export const topicName: Check<string> = matching(
  /^(?!\.{1,2}$)[\w.-]{1,249}$/,
  'the name of a topic: 1 to 249 letters, digits or any of . _ -',
)

/**
 * A duration that one timer can hold: Node fires a longer one after 1 ms. Kafka's own limit is the same number, since its
 * protocol has durations as 32-bit integers.
 */
export const milliseconds = (from: number): Check<number> =>
  number(
    `milliseconds from ${from} to ${LONGEST_TIMER_MS} (24.8 days)`,
    Number.isFinite,
    from,
    LONGEST_TIMER_MS,
  )

export const wholeNumber = (from: number, to = Number.MAX_SAFE_INTEGER): Check<number> =>
  number(
    to === Number.MAX_SAFE_INTEGER ? `a whole number from ${from} on` : wholeNumberTo(from, to),
    Number.isSafeInteger,
    from,
    to,
  )

const wholeNumberTo = (from: number, to: number): string =>
  from === to ? `only ${from}` : `a whole number from ${from} to ${to}`

/** -0 is taken for 0. */
const number = (takes: string, is: (value: unknown) => boolean, from: number, to: number): Check<number> => ({
  takes,
  read(value, place) {
    if (is(value) && (value as number) >= from && (value as number) <= to) return (value as number) + 0
    throw misfit(value, place, takes)
  },
})

export const aFunction = <F>(takes: string): Check<F> =>
  whatFits(takes, (value) => typeof value === 'function')

/** An object whose inside is another's business. A plain one is copied, one of a class stays what it is. */
export const anObject = <T extends object>(
  takes: string,
  fits: (value: Partial<T>) => boolean = () => true,
): Check<T> => ({
  takes,
  read(value, place) {
    if (typeof value !== 'object' || value === null) throw misfit(value, place, takes)
    return looking(value, place, takes, () => {
      if (Array.isArray(value) || !fits(value)) throw misfit(value, place, takes)
      return (isPlain(value) ? { ...value } : value) as T
    })
  },
})

/** A copy of a list, each element checked: `brokers[1]`. */
export const listOf = <T>(check: Check<T>, takes: string, least = 0): Check<readonly T[]> => ({
  takes,
  read(value, place) {
    const elements = looking(value, place, takes, () =>
      Array.isArray(value) ? Array.from(value) : undefined,
    )
    if (elements === undefined || elements.length < least) throw misfit(value, place, takes)
    return elements.map((element, index) => check.read(element, within(place, `[${index}]`)))
  },
})

/** A copy of a record of names that the caller chooses: `topics.orders`. */
export const recordOf = <T>(
  name: Check<string>,
  check: Check<T>,
  takes: string,
): Check<Record<string, T>> => ({
  takes,
  read(value, place) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw misfit(value, place, takes)
    const entries = looking(value, place, takes, () =>
      // Of a Map nothing would be read.
      Symbol.iterator in value ? undefined : Object.entries(value),
    )
    if (entries === undefined) throw misfit(value, place, takes, { found: 'a Map, or another list of pairs' })
    return Object.fromEntries(
      entries.map(([key, one]) => [
        name.read(key, place),
        check.read(one, within(place, `.${withoutSecrets(key)}`)),
      ]),
    )
  },
})

/** Either; the error is the one of the whole. */
export const either = <A, B>(
  isFirst: (value: unknown) => boolean,
  first: Check<A>,
  second: Check<B>,
): Check<A | B> => ({
  takes: `${first.takes}, or ${second.takes}`,
  read(value, place) {
    if (isFirst(value)) return first.read(value, place)
    return second.read(value, place)
  },
})

export const isPlain = (value: object): boolean => {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}

const within = (place: Place, more: string): Place => ({
  ...place,
  option: place.option === undefined ? more.replace(/^\./, '') : `${place.option}${more}`,
})

/** Getters and Proxies run code of the caller's, which may throw. */
export function looking<T>(value: unknown, place: Place, takes: string, look: () => T): T {
  try {
    return look()
  } catch (error) {
    if (error instanceof MskIamConfigurationError) throw error
    throw misfit(value, place, takes, { found: 'something that throws when it is read', original: error })
  }
}
