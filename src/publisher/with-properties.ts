import { guarded } from '../telemetry/guard.ts'

/** Values for some properties of an object, also for those that it lacks. */
type Values<T> = { readonly [K in keyof T]?: T[K] | undefined }

/**
 * What reads like the object given, with other values of some properties: the object itself where they are the same,
 * else a copy of a plain object, or a view of any other. The object given stays as it is.
 */
export function withProperties<T extends object>(given: T, values: Values<T>): T {
  for (const key of Object.keys(values) as (string & keyof T)[]) {
    const own = Reflect.getOwnPropertyDescriptor(given, key)
    if (own && 'value' in own && own.value === values[key]) continue
    return isPlain(given) && isData(given) ? { ...given, ...values } : viewOf(given, values)
  }
  return given
}

/** The same for the headers of a message, of which a send may have thousands: its properties are not looked at one by one. */
export function withHeaders<
  M extends { readonly headers?: unknown; readonly key?: unknown; readonly value?: unknown },
>(message: M, headers: M['headers']): M {
  if (!isPlain(message)) return viewOf<M>(message, { headers } as Values<M>)
  const copy = guarded('copying a message', () => ({ ...message, headers }), undefined)
  // A getter may throw, or give another each time, and a spread leaves out what is not enumerable.
  return copy && copy.value === message.value && copy.key === message.key
    ? copy
    : viewOf<M>(message, { headers } as Values<M>)
}

const isPlain = (given: object): boolean => Object.getPrototypeOf(given) === Object.prototype

/** Whether a spread copies everything, and runs no accessor. */
const isData = (given: object): boolean =>
  Reflect.ownKeys(given).every((key) => {
    const { enumerable, get, set } = Reflect.getOwnPropertyDescriptor(given, key) ?? {}
    return enumerable && !get && !set
  })

/** Accessors and methods run on the object given, so that private fields work, and accessors when they are read. */
function viewOf<T extends object>(given: T, values: Values<T>): T {
  // The target is what `util.inspect` shows.
  const target: Record<string, unknown> = {}
  for (const key of Object.keys(given)) {
    const own = Reflect.getOwnPropertyDescriptor(given, key)
    if (own && 'value' in own) target[key] = own.value
  }
  return new Proxy(Object.assign(target, values) as T, new View(given, values))
}

class View<T extends object> implements ProxyHandler<T> {
  readonly #given: T
  readonly #values: Record<PropertyKey, unknown>

  constructor(given: T, values: Values<T>) {
    this.#given = given
    this.#values = values
  }

  get(_: T, key: PropertyKey): unknown {
    if (Object.hasOwn(this.#values, key)) return this.#values[key]
    const value: unknown = Reflect.get(this.#given, key, this.#given)
    return typeof value === 'function' && key !== 'constructor' ? value.bind(this.#given) : value
  }

  has(_: T, key: PropertyKey): boolean {
    return Object.hasOwn(this.#values, key) || Reflect.has(this.#given, key)
  }

  getPrototypeOf(): object | null {
    return Object.getPrototypeOf(this.#given)
  }

  ownKeys(): (string | symbol)[] {
    const keys = Reflect.ownKeys(this.#given)
    for (const key of Reflect.ownKeys(this.#values)) if (!Reflect.has(this.#given, key)) keys.push(key)
    return keys
  }

  /** A property stays where it was: an inherited one, which a spread leaves out, is left out still. */
  getOwnPropertyDescriptor(target: T, key: PropertyKey): PropertyDescriptor | undefined {
    const own = Reflect.getOwnPropertyDescriptor(this.#given, key)
    const added = !own && Object.hasOwn(this.#values, key) && !Reflect.has(this.#given, key)
    if (!own && !added) return undefined
    const configurable = true
    // An accessor of the caller's runs when the property is read, and not when it is listed.
    if (own?.get && !Object.hasOwn(this.#values, key))
      return { get: () => this.get(target, key), enumerable: own.enumerable === true, configurable }
    const value = this.get(target, key)
    return { value, enumerable: own?.enumerable ?? true, writable: true, configurable }
  }

  set(_: T, key: PropertyKey, value: unknown): boolean {
    this.#values[key] = value
    return true
  }
}
