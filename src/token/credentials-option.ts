import { type Check, kindOf, misfit, readResult } from '../options/check.ts'
import { namesOf } from '../options/option-set.ts'
import { looking } from '../options/values.ts'
import type { AskForCredentials } from './fresh-credentials.ts'
import type { AwsCredentials } from './types.ts'

const TAKES = '{ accessKeyId, secretAccessKey, sessionToken?, expiration? }'
const NAMES = ['accessKeyId', 'secretAccessKey', 'sessionToken', 'expiration'] as const

/** As the AWS SDK gives them, or as JSON has them: `expiration` may be a text. What the SDK notes beside them is kept. */
export const awsCredentials: Check<AwsCredentials> = {
  takes: TAKES,
  read(value, place) {
    if (typeof value !== 'object' || value === null) throw misfit(value, place, TAKES)
    const given = looking(value, place, TAKES, () => copied(value as Partial<Record<string, unknown>>))
    const wrong = (name: string, found: string) =>
      misfit(value, place, TAKES, { found: `an object whose \`${name}\` is ${found}` })
    for (const name of ['accessKeyId', 'secretAccessKey'] as const)
      if (!isKey(given[name])) throw wrong(name, faultOf(given[name]))
    const { sessionToken, expiration, ...others } = given
    if (!isNone(sessionToken) && !isKey(sessionToken)) throw wrong('sessionToken', faultOf(sessionToken))
    const ends = isNone(expiration) ? undefined : dateOf(expiration)
    if (!isNone(expiration) && ends === undefined) throw wrong('expiration', 'no date')
    return {
      ...(others as unknown as AwsCredentials),
      ...(isNone(sessionToken) ? {} : { sessionToken: sessionToken as string }),
      ...(ends === undefined ? {} : { expiration: ends }),
    }
  },
}

/** Each is read once, also where it is a getter of a class. */
const copied = (value: Partial<Record<string, unknown>>): Partial<Record<string, unknown>> =>
  Object.fromEntries([...new Set([...NAMES, ...namesOf(value)])].map((name) => [name, value[name]]))

/** JSON has null and the environment an empty text for what there is not. */
const isNone = (value: unknown): boolean => value === undefined || value === null || value === ''

/** A line break at the end, from a file, would be signed with, and the broker would say that the signature is wrong. */
const isKey = (value: unknown): value is string => typeof value === 'string' && /^\S+$/.test(value)

const faultOf = (value: unknown): string =>
  typeof value === 'string' && value.trim() !== ''
    ? 'a string with a space or a line break in it'
    : kindOf(value)

function dateOf(value: unknown): Date | undefined {
  if (!(value instanceof Date) && !(typeof value === 'string' && /^\d{4}-\d\d-\d\dT/.test(value)))
    return undefined
  const date = new Date(value)
  return Number.isNaN(date.getTime()) ? undefined : date
}

/** The option `credentials`: a provider of the AWS SDK, or what one gives. */
export interface GivenCredentials {
  /** The caller's own object, to tell whether two providers have the same. */
  readonly given: object
  /** @throws MskIamConfigurationError where the caller's function returns no credentials; what it throws itself */
  readonly ask: AskForCredentials
}

export const credentialsOption: Check<GivenCredentials> = {
  takes: `a provider of the AWS SDK, or ${TAKES}`,
  read(value, place) {
    if (typeof value === 'function') {
      const provider = value as AskForCredentials
      const ask: AskForCredentials = async (options) =>
        readResult(awsCredentials, await provider(options), place.of, `${place.option}()`)
      return { given: value, ask }
    }
    if (typeof value !== 'object' || value === null) throw misfit(value, place, this.takes)
    const credentials = awsCredentials.read(value, place)
    return { given: value, ask: async () => credentials }
  },
}
