import { isReplaced, type Method, ShownMethods } from './wrapped-methods.ts'

/** For each method what runs in its place. `call` runs the method itself, on the object that it was called on. */
export type Replacements<T> = {
  readonly [K in keyof T]?: NonNullable<T[K]> extends (...args: infer Args) => infer Result
    ? (call: (...args: Args) => Result, ...args: Args) => Result
    : never
}

/**
 * An object of its own that is like the one given, with some of the methods that this one has replaced. What is written
 * to it stays on it; what changes on the object given is seen through it. Methods and accessors run on the object given,
 * so that private fields work.
 */
export function override<T extends object>(given: T, replacements: Replacements<T>): T {
  const { proxy } = new Wrapper(given, replacements)
  wrappers.add(proxy)
  return proxy
}

const wrappers = new WeakSet<object>()

/** Whether `override` made an object, or the object that this one is a copy of or inherits from. */
export const isOverridden = <T extends object>(given: T, method: keyof T): boolean =>
  wrappers.has(given) || isReplaced(given[method])

/**
 * The proxy's target is an ordinary object that holds a copy of each property, so that descriptors, freezing and
 * `util.inspect` need no rules of their own. Members of a class are copied too, not enumerable: what spies on a method
 * looks for it along the prototypes, and would find there the one that is not replaced.
 */
class Wrapper<T extends object> implements ProxyHandler<T> {
  readonly proxy: T
  readonly #given: T
  readonly #methods: ShownMethods
  /** Of the wrapper alone: they follow the object given no more. */
  readonly #written = new Set<PropertyKey>()
  readonly #deleted = new Set<PropertyKey>()
  #closed = false

  constructor(given: T, replacements: object) {
    this.#given = given
    const target = Object.create(Object.getPrototypeOf(given)) as T
    this.proxy = new Proxy(target, this)
    this.#methods = new ShownMethods(given, this.proxy, replacements)
    this.#copyAll(target)
  }

  get(target: T, key: PropertyKey, receiver: unknown): unknown {
    if (this.#isOwn(key)) return Reflect.get(target, key, receiver)
    const from = this.#owner(key)
    const self = receiver === this.proxy ? this.#given : receiver
    return from && this.#shown(key, Reflect.get(from, key, self))
  }

  has(target: T, key: PropertyKey): boolean {
    if (this.#isOwn(key)) return Reflect.has(target, key)
    const from = this.#owner(key)
    return from !== undefined && Reflect.has(from, key)
  }

  set(target: T, key: PropertyKey, value: unknown, receiver: unknown): boolean {
    this.#copy(target, key)
    const member = this.#isInherited(key) ? Reflect.getOwnPropertyDescriptor(target, key) : undefined
    if (!member || member.set || member.get || receiver !== this.proxy)
      return Reflect.set(target, key, value, receiver)
    return this.defineProperty(target, key, { ...member, value, enumerable: true })
  }

  defineProperty(target: T, key: PropertyKey, descriptor: PropertyDescriptor): boolean {
    // What is written over a member of a class takes nothing from it.
    if (this.#isInherited(key)) Reflect.deleteProperty(target, key)
    else this.#copy(target, key)
    if (!Reflect.defineProperty(target, key, descriptor)) return false
    this.#written.add(key)
    this.#deleted.delete(key)
    return true
  }

  deleteProperty(target: T, key: PropertyKey): boolean {
    if (!Reflect.deleteProperty(target, key)) return false
    this.#written.delete(key)
    if (Object.hasOwn(this.#given, key)) this.#deleted.add(key)
    this.#copy(target, key)
    return true
  }

  getOwnPropertyDescriptor(target: T, key: PropertyKey): PropertyDescriptor | undefined {
    this.#copy(target, key)
    return Reflect.getOwnPropertyDescriptor(target, key)
  }

  ownKeys(target: T): (string | symbol)[] {
    this.#copyAll(target)
    return Reflect.ownKeys(target)
  }

  preventExtensions(target: T): boolean {
    this.#copyAll(target)
    this.#closed = true
    return Reflect.preventExtensions(target)
  }

  #isOwn(key: PropertyKey): boolean {
    return this.#closed || this.#written.has(key)
  }

  #isInherited(key: PropertyKey): boolean {
    return !this.#isOwn(key) && (this.#deleted.has(key) || !Object.hasOwn(this.#given, key))
  }

  /** Where a property is looked for that the wrapper does not have for itself. */
  #owner(key: PropertyKey): object | undefined {
    return this.#deleted.has(key) ? (Object.getPrototypeOf(this.#given) ?? undefined) : this.#given
  }

  #copyAll(target: T): void {
    const keys = new Set(Reflect.ownKeys(this.#given))
    for (const prototype of classesOf(this.#given))
      for (const key of Reflect.ownKeys(prototype)) if (key !== 'constructor') keys.add(key)
    for (const key of [...keys, ...Reflect.ownKeys(target)]) this.#copy(target, key)
  }

  #copy(target: T, key: PropertyKey): void {
    if (this.#isOwn(key)) return
    const descriptor = this.#descriptor(key)
    if (!descriptor) Reflect.deleteProperty(target, key)
    else Reflect.defineProperty(target, key, this.#shownDescriptor(key, descriptor))
  }

  /** Of the object given, or of its class. */
  #descriptor(key: PropertyKey): PropertyDescriptor | undefined {
    const own = this.#deleted.has(key) ? undefined : Reflect.getOwnPropertyDescriptor(this.#given, key)
    if (own || key === 'constructor') return own
    for (const prototype of classesOf(this.#given)) {
      const inherited = Reflect.getOwnPropertyDescriptor(prototype, key)
      if (inherited) return { ...inherited, enumerable: false }
    }
    return undefined
  }

  #shownDescriptor(
    key: PropertyKey,
    { value, get, set, enumerable }: PropertyDescriptor,
  ): PropertyDescriptor {
    const attributes = { configurable: true, enumerable: enumerable === true }
    if (!get && !set) return { ...attributes, writable: true, value: this.#shown(key, value) }
    return {
      ...attributes,
      ...(get && { get: this.#methods.accessor(get) }),
      ...(set && { set: this.#methods.accessor(set) as (value: unknown) => void }),
    }
  }

  #shown(key: PropertyKey, value: unknown): unknown {
    if (value === this.#given) return this.proxy
    if (typeof value !== 'function' || key === 'constructor') return value
    // `hasOwnProperty` and its like ask the wrapper itself.
    if (value === Reflect.get(Object.prototype, key)) return value
    return this.#methods.method(key, value as Method)
  }
}

/** The prototypes that members are inherited from, nearest first. */
function* classesOf(given: object): Iterable<object> {
  let prototype: object | null = Object.getPrototypeOf(given)
  while (prototype !== null && !isRoot(prototype)) {
    yield prototype
    prototype = Object.getPrototypeOf(prototype)
  }
}

/** `Object.prototype`, also that of another realm. */
const isRoot = (prototype: object): boolean => Object.hasOwn(prototype, 'isPrototypeOf')
