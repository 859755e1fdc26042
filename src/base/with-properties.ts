/** Values for some properties of an object, also for those that it lacks. */
type Values<T> = { readonly [K in keyof T]?: T[K] | undefined }

/**
 * What reads like the object given, with other values of some properties: the object itself where they are the same,
 * else a copy of a plain object, or a view of any other. The object given stays as it is.
 */
export function withProperties<T extends object>(given: T, values: Values<T>): T {
  try {
    if (isPlain(given) && isData(given)) return hasAll(given, values) ? given : { ...given, ...values }
    if (Object.keys(values).every((key) => isOwn(given, key, values[key as keyof T]))) return given
  } catch {
    // A Proxy may show no descriptors, and answer all the same.
  }
  return viewOf(given, values)
}

/** Of plain data: no code runs when it is read. */
function hasAll<T extends object>(given: T, values: Values<T>): boolean {
  for (const key in values) if (given[key] !== values[key] || !Object.hasOwn(given, key)) return false
  return true
}

function isOwn(given: object, key: string, value: unknown): boolean {
  const own = Reflect.getOwnPropertyDescriptor(given, key)
  return own !== undefined && 'value' in own && own.value === value
}

/** The same for the headers of a message, of which a send may have thousands: no descriptors are made. */
export function withHeaders<
  M extends { readonly headers?: unknown; readonly key?: unknown; readonly value?: unknown },
>(message: M, headers: M['headers']): M {
  if (isPlain(message) && !hasGetter(message)) {
    const copy = { ...message, headers }
    // A spread leaves out what is not enumerable, and what a lazy Proxy does not list.
    if (copy.value === message.value && copy.key === message.key) return copy
  }
  return viewOf<M>(message, { headers } as Values<M>)
}

/** Headers with other texts beside them. What has getters is not read here: whoever sends it does. */
export const withTexts = <H extends object>(headers: H | undefined, texts: Values<H>): H =>
  headers && hasGetter(headers) ? viewOf(headers, texts) : ({ ...headers, ...texts } as H)

/** The value of a property that can be read without running code of its owner: not a getter's, nor one of a class. */
export function ownValue(given: object, key: string): unknown {
  return Object.getOwnPropertyDescriptor(given, key)?.value
}

function isPlain(given: object): boolean {
  try {
    return Object.getPrototypeOf(given) === Object.prototype
  } catch {
    return false
  }
}

// Much faster than a descriptor.
const getterOf = Reflect.get(Object.prototype, '__lookupGetter__') as (this: object, key: string) => unknown

/** Whether a spread would run a getter. */
function hasGetter(given: object): boolean {
  for (const key in given) if (getterOf.call(given, key)) return true
  return false
}

/** Whether a spread copies everything, and runs no accessor. */
const isData = (given: object): boolean =>
  Reflect.ownKeys(given).length === Object.keys(given).length && !hasGetter(given)

/** Accessors and methods run on the object given, so that private fields work, and accessors when they are read. */
function viewOf<T extends object>(given: T, values: Values<T>): T {
  // The target is what `util.inspect` shows.
  const target: Record<string, unknown> = {}
  try {
    for (const key of Object.keys(given)) {
      const own = Reflect.getOwnPropertyDescriptor(given, key)
      if (own && 'value' in own) target[key] = own.value
    }
  } catch {
    // As above.
  }
  return new Proxy(Object.assign(target, values) as T, new View(given, values))
}

const VIEW = Symbol('view')

/** Whether reading a property could run code of its owner. */
export const isView = (given: object): boolean => VIEW in given

class View<T extends object> implements ProxyHandler<T> {
  readonly #given: T
  readonly #values: Record<PropertyKey, unknown>
  #lacksValue = false

  constructor(given: T, values: Values<T>) {
    this.#given = given
    this.#values = values
  }

  get(_: T, key: PropertyKey): unknown {
    if (Object.hasOwn(this.#values, key)) return this.#values[key]
    const value: unknown = Reflect.get(this.#given, key, this.#given)
    if (key === 'value') this.#lacksValue = value === undefined
    // kafkajs refuses a message without a value, and shows it in its error: as its caller made it.
    if (key === 'toJSON' && this.#lacksValue && value === undefined) return () => this.#given
    return typeof value === 'function' && key !== 'constructor' ? value.bind(this.#given) : value
  }

  has(_: T, key: PropertyKey): boolean {
    return key === VIEW || Object.hasOwn(this.#values, key) || Reflect.has(this.#given, key)
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
