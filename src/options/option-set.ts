import { withoutSecrets } from '../base/foreign-text.ts'
import { MskIamConfigurationError } from '../failures/errors.ts'
import { type Check, misfit, type Place } from './check.ts'
import { didYouMean } from './nearest.ts'
import { isPlain, looking } from './values.ts'

type Fields = Readonly<Record<string, Check<unknown>>>

/** What comes out of the fields. */
export type Read<F extends Fields> = {
  readonly [K in keyof F]: F[K] extends Check<infer T> ? T : never
}

interface Manner {
  /** Shown where the options are none at all. */
  readonly example: string
  /** Names that are known, and belong elsewhere: what to do. */
  readonly elsewhere?: Readonly<Record<string, string>>
  /** Names that come along with a spread and mean nothing here. */
  readonly ignored?: readonly string[]
  /** For objects of methods: a class may have other things beside them. Default false. */
  readonly classesMayHaveMore?: boolean
}

/**
 * Options by name. Each is read once, and the copy is what counts from then on. A name that there is not is an error,
 * also where its value is undefined: a mistyped option would else be one that is silently not set. Classes may have
 * methods and getters of their own; names are looked for among the fields only.
 */
export function optionSet<F extends Fields>(
  fields: F,
  { example, elsewhere = {}, ignored = [], classesMayHaveMore = false }: Manner,
): Check<Read<F>> {
  const names = Object.keys(fields)
  const takes = `an object: ${example}`
  return {
    takes,
    read(given, place) {
      if (typeof given !== 'object' || given === null) throw misfit(given, place, takes)
      const stranger = looking(given, place, takes, () => {
        if (Array.isArray(given)) throw misfit(given, place, takes)
        if (classesMayHaveMore && !isPlain(given)) return undefined
        return namesOf(given).find((name) => !Object.hasOwn(fields, name) && !ignored.includes(name))
      })
      if (stranger !== undefined) throw unknownName(stranger, place, names, elsewhere)
      return Object.fromEntries(
        names.map((name) => [name, readField(fields[name] as Check<unknown>, given, name, place)]),
      ) as Read<F>
    },
  }
}

function readField(check: Check<unknown>, given: object, name: string, { of, option }: Place): unknown {
  const place = { of, option: option === undefined ? name : `${option}.${name}` }
  return check.read(
    looking(given, place, check.takes, () => (given as Record<string, unknown>)[name]),
    place,
  )
}

/** Its own, and those that it inherits from an object that is no class; never what somebody put on Object.prototype. */
export function namesOf(given: object): string[] {
  const names: string[] = []
  for (const name in given) if (Object.hasOwn(given, name) || !(name in Object.prototype)) names.push(name)
  return names
}

function unknownName(
  name: string,
  { of, option }: Place,
  names: readonly string[],
  elsewhere: Readonly<Record<string, string>>,
) {
  const meant = Object.hasOwn(elsewhere, name) ? ` ${elsewhere[name]}` : didYouMean(name, names)
  const isName = /^[\w$.:-]{1,60}$/.test(name)
  // A secret may have become a name; one that is nearly an option is none.
  const shown = isName ? `\`${meant === '' ? withoutSecrets(name) : name}\`` : 'of that name'
  const where = option === undefined ? '' : ` in \`${option}\``
  return new MskIamConfigurationError('invalid_option', {
    detail: `${of}: there is no option ${shown}${where}`,
    hint: `${meant} The options are ${names.join(', ')}.`.trim(),
    ownWords: true,
  })
}
