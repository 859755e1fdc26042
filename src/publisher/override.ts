/**
 * An object like the one given with some of its methods replaced. The others run on the object given, so that classes
 * with private fields work too; and that object stays as it is.
 */
export function override<T extends object>(given: T, overrides: object): T {
  return new Proxy(given, {
    get(target, property) {
      if (Object.hasOwn(overrides, property)) return Reflect.get(overrides, property)
      const value: unknown = Reflect.get(target, property, target)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

/** OpenTelemetry's instrumentations mark what they wrap. */
export const isWrapped = (method: unknown): boolean =>
  (method as { __wrapped?: boolean } | undefined)?.__wrapped === true
