import type { Shape, Value } from './program.ts'

/** Who builds. */
export interface Builder {
  /** Makes a callback by what it does; it records its calls. */
  callback(name: string, does: string): unknown
  /** Hears of each object that is made. */
  made(object: object): void
}

/** The JavaScript value that a program's value stands for. */
export function built(value: Value, builder: Builder): unknown {
  const result = construct(value, builder)
  if (typeof result === 'object' && result !== null) builder.made(result)
  return result
}

function construct(value: Value, builder: Builder): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (isList(value)) return list(value, builder)
  if ('$' in value && typeof value['$'] === 'string') return special(value as Tagged, builder)
  const entries = Object.entries(value as { [key: string]: Value })
  return Object.fromEntries(entries.map(([key, inner]) => [key, built(inner, builder)]))
}

interface Tagged {
  readonly $: string
  readonly is?: string
  readonly hex?: string
  readonly of?: Value
  readonly field?: string
  readonly name?: string
  readonly does?: string
}

const isList = (value: Value): value is readonly Value[] => Array.isArray(value)

function list(values: readonly Value[], builder: Builder): unknown[] {
  const result = new Array<unknown>(values.length)
  values.forEach((value, index) => {
    const hole = typeof value === 'object' && value !== null && (value as Tagged).$ === 'hole'
    if (!hole) result[index] = built(value, builder)
  })
  return result
}

function special(tagged: Tagged, builder: Builder): unknown {
  const { $, is = '', hex = '', of = null, field = '', name = '', does = '' } = tagged
  switch ($) {
    case 'undefined':
    case 'hole':
      return undefined
    case 'symbol':
      return Symbol('odd')
    case 'date':
      return new Date(1_500_000_000_000)
    case 'map':
      return new Map([['topic', 'orders']])
    case 'cyclic': {
      const cyclic: Record<string, unknown> = { value: 'cyclic' }
      cyclic['itself'] = cyclic
      return cyclic
    }
    case 'number':
      return Number(is)
    case 'bigint':
      return BigInt(is)
    case 'bytes':
      return Buffer.from(hex, 'hex')
    case 'array bytes':
      return Uint8Array.from(Buffer.from(hex, 'hex'))
    case 'callback':
      return builder.callback(name, does)
    case 'throwing':
      return throwing(built(of, builder), field)
    default:
      return shaped(built(of, builder), $ as Shape)
  }
}

function throwing(given: unknown, field: string): unknown {
  if (typeof given !== 'object' || given === null) return given
  return Object.defineProperty(given, field, {
    enumerable: true,
    configurable: true,
    get() {
      throw new Error(`a getter of the caller's: ${field}`)
    },
  })
}

function shaped(given: unknown, shape: Shape): unknown {
  if (typeof given !== 'object' || given === null) return given
  switch (shape) {
    case 'frozen':
      return Object.freeze(given)
    case 'null prototype':
      return Array.isArray(given) ? given : Object.assign(Object.create(null), given)
    case 'proxy':
      return new Proxy(given, {})
    case 'getters':
      return Array.isArray(given) ? given : withGetters({}, given)
    case 'instance':
      return Array.isArray(given) ? listOfAClass(given) : Object.create(prototypeWith(given))
    case 'frozen instance':
      return Object.freeze(Array.isArray(given) ? given : Object.create(prototypeWith(given)))
    case 'private':
      return Array.isArray(given) ? given : privately(given as Record<string, unknown>)
  }
}

class Lines<T> extends Array<T> {}
const listOfAClass = (given: readonly unknown[]) => Lines.from(given)

function withGetters(target: object, given: object): object {
  for (const [key, value] of Object.entries(given)) {
    Object.defineProperty(target, key, { enumerable: true, configurable: true, get: () => value })
  }
  return target
}

/** All fields are getters on a prototype that has a class's name. */
function prototypeWith(given: object): object {
  class Order {}
  return withGetters(Order.prototype, given)
}

/** Its getters need the object itself, as those of classes with private fields do. */
function privately(given: Record<string, unknown>): object {
  class Sealed {
    readonly #given = given

    read(key: string): unknown {
      return this.#given[key]
    }
  }
  for (const key of Object.keys(given)) {
    Object.defineProperty(Sealed.prototype, key, {
      get(this: Sealed) {
        return this.read(key)
      },
    })
  }
  return new Sealed()
}
