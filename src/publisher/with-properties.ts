import { override } from './override.ts'

/**
 * What reads like the object given, with other values of some properties: the object itself where its values are the
 * same, else a copy of a plain object, or a wrapper of any other. The object given stays as it is. A property stays
 * where it was: one that is inherited, and that a spread would leave out, is left out still.
 */
export function withProperties<T extends object>(
  given: T,
  values: { readonly [K in keyof T]?: T[K] | undefined },
): T {
  const entries = Object.entries(values)
  if (entries.every(([key, value]) => Reflect.getOwnPropertyDescriptor(given, key)?.value === value))
    return given
  return isPlain(given) && isData(given) ? { ...given, ...values } : wrapperWith(given, entries)
}

/** The same for what is written in one send a thousand times: properties are not looked at one by one. */
export function withHeaders<M extends { headers?: unknown; key?: unknown; value?: unknown }>(
  message: M,
  headers: object,
): M {
  if (isPlain(message)) {
    const copy = { ...message, headers }
    if (copy.value === message.value && copy.key === message.key) return copy
  }
  return wrapperWith(message, [['headers', headers]])
}

function isPlain(given: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(given)
  return prototype === Object.prototype || prototype === null
}

/** Whether a spread copies everything, and runs no accessor. */
const isData = (given: object): boolean =>
  Reflect.ownKeys(given).every((key) => {
    const { enumerable, get, set } = Reflect.getOwnPropertyDescriptor(given, key) ?? {}
    return enumerable && !get && !set
  })

function wrapperWith<T extends object>(given: T, entries: readonly (readonly [string, unknown])[]): T {
  const wrapper = override(given, {})
  for (const [key, value] of entries) {
    const added = Object.hasOwn(wrapper, key) ? {} : { enumerable: true, configurable: true }
    Object.defineProperty(wrapper, key, { ...added, value, writable: true })
  }
  return wrapper
}
