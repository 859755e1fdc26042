import { MskIamConfigurationError } from '../failures/errors.ts'
import { didYouMean } from './nearest.ts'

/** Where a value was given. */
export interface Place {
  /** What takes it: `KafkaPublisher`, `faults.add`. */
  readonly of: string
  /** The name of the option, with the way to it: `consumer.trace`, `brokers[1]`. Undefined: all options together. */
  readonly option?: string | undefined
  /** The value is what a function of the caller's has returned. */
  readonly returned?: boolean | undefined
}

/** What one option takes. */
export interface Check<T> {
  /** Ends the sentence "It takes …". */
  readonly takes: string
  /**
   * The value as it is used from then on; lists and records are copied.
   *
   * @throws MskIamConfigurationError that names the option, the kind of the value and what the option takes
   */
  read(value: unknown, place: Place): T
}

interface Misfit {
  /** What the value is. Default: its kind. */
  readonly found?: string | undefined
  readonly code?: string | undefined
  /** A sentence after the one that says what the option takes. */
  readonly more?: string | undefined
  readonly original?: unknown
}

/** The error for a value that does not fit. It shows numbers and booleans, and never a text: it may be a password. */
export function misfit(
  value: unknown,
  { of, option, returned }: Place,
  takes: string,
  { found = kindOf(value), code = 'invalid_option', more = '', original }: Misfit = {},
): MskIamConfigurationError {
  const whole = option === undefined
  const fault = whole ? `the options are ${found}` : `\`${option}\` ${returned ? 'returned' : 'is'} ${found}`
  const advice = whole ? 'Give' : returned ? 'It has to return' : 'It takes'
  return new MskIamConfigurationError(code, {
    detail: `${of}: ${fault}`,
    hint: `${advice} ${takes}.${more}`,
    ownWords: true,
    original,
  })
}

/** @throws MskIamConfigurationError where a value does not fit its check */
export const read = <T>(check: Check<T>, value: unknown, of: string): T => check.read(value, { of })

/** What a function of the caller's has returned, checked. */
export const readResult = <T>(check: Check<T>, value: unknown, of: string, called: string): T =>
  check.read(value, { of, option: called, returned: true })

export function kindOf(value: unknown): string {
  switch (typeof value) {
    case 'number':
      return Object.is(value, -0) ? '-0' : String(value)
    case 'boolean':
    case 'undefined':
      return String(value)
    case 'string':
      return kindOfText(value)
    case 'bigint':
      return 'a BigInt'
    case 'object':
      return value === null ? 'null' : kindOfObject(value)
    default:
      return `a ${typeof value}`
  }
}

function kindOfText(value: string): string {
  if (value === '') return 'an empty string'
  if (value.trim() === '') return 'a blank string'
  if (CONTROL.test(value)) return 'a string with a line break or another control character'
  return value === value.trim() ? 'a string' : 'a string with a space around it'
}

/** Of a Proxy each look can throw. */
function kindOfObject(value: object): string {
  try {
    if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
    if (value instanceof Promise) return 'a promise'
    return value instanceof Date ? 'a Date' : 'an object'
  } catch {
    return 'an object that throws when it is looked at'
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
export const CONTROL = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/** Any of the values given; the text of a mistyped one is not repeated, the one that was meant is. */
export function oneOf<const T extends string | number | boolean>(values: readonly T[]): Check<T> {
  const takes = anyOf(values.map((one) => (typeof one === 'string' ? `'${one}'` : String(one))))
  return {
    takes,
    read(value, place) {
      const index = values.indexOf(value as T)
      if (index >= 0) return values[index] as T
      const texts = values.filter((one) => typeof one === 'string')
      const more = typeof value === 'string' ? didYouMean(value, texts, "'") : ''
      throw misfit(value, place, takes, { more })
    },
  }
}

const anyOf = (names: readonly string[]): string =>
  `${names.slice(0, -1).join(', ')}${names.length > 1 ? ' or ' : ''}${names.at(-1)}`

/** Whatever `fits` says yes to, as it is. */
export const whatFits = <T>(takes: string, fits: (value: unknown) => boolean): Check<T> => ({
  takes,
  read(value, place) {
    if (fits(value)) return value as T
    throw misfit(value, place, takes)
  },
})

/** The same option, which may be left out. */
export const optional = <T>(check: Check<T>): Check<T | undefined> => ({
  takes: check.takes,
  read: (value, place) => (value === undefined ? undefined : check.read(value, place)),
})

/** The same option with a default. */
export const withDefault = <T>(check: Check<T>, value: T): Check<T> => ({
  takes: check.takes,
  read: (given, place) => (given === undefined ? value : check.read(given, place)),
})
