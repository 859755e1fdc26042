import { withoutOther } from './other-instrumentation.ts'

export type Method = (...args: unknown[]) => unknown

/** What runs in the place of a method. `call` runs the method itself, on the object that it was called on. */
export type Replacement = (call: Method, ...args: unknown[]) => unknown

const isThenable = (answer: unknown): boolean =>
  typeof (answer as PromiseLike<unknown> | null | undefined)?.then === 'function'

const replaced = new WeakSet<Method>()

/** Whether a method is one that was replaced, also where a copy of its object has it. */
export const isReplaced = (method: unknown): boolean =>
  typeof method === 'function' && replaced.has(method as Method)

/**
 * The methods of one object as its wrapper shows them: for each method one function, which has its name, length and
 * properties, and runs on the object given where it is called on the wrapper.
 */
export class ShownMethods {
  readonly #given: object
  readonly #wrapper: object
  readonly #replacements: ReadonlyMap<PropertyKey, Replacement>
  readonly #plain = new WeakMap<Method, Method>()
  readonly #replaced = new Map<PropertyKey, WeakMap<Method, Method>>()

  constructor(given: object, wrapper: object, replacements: object) {
    this.#given = given
    this.#wrapper = wrapper
    this.#replacements = new Map(Object.entries(replacements))
    for (const key of this.#replacements.keys()) this.#replaced.set(key, new WeakMap())
  }

  method(key: PropertyKey, method: Method): Method {
    const known = this.#replaced.get(key)
    if (!known) return this.accessor(method)
    const shown = known.get(method)
    if (shown) return shown
    const replacement = this.#replacements.get(key) as Replacement
    const made = this.#show(method, known, (self, args) => this.#replace(replacement, method, self, args))
    replaced.add(made)
    return made
  }

  /** A getter or setter: as a method that is not replaced. */
  accessor(method: Method): Method {
    const shown = this.#plain.get(method)
    return shown ?? this.#show(method, this.#plain, (self, args) => this.#run(method, self, args))
  }

  #show(method: Method, known: WeakMap<Method, Method>, run: (self: unknown, args: unknown[]) => unknown) {
    const shown = new Proxy(method, { apply: (_, self, args) => run(self, args) })
    known.set(method, shown)
    // Somebody may write it onto the object given, and it is not shown a second time.
    for (const methods of [this.#plain, ...this.#replaced.values()]) methods.set(shown, shown)
    return shown
  }

  #run(method: Method, self: unknown, args: unknown[]): unknown {
    const result = Reflect.apply(method, self === this.#wrapper ? this.#given : self, args)
    return result === this.#given ? this.#wrapper : result
  }

  /**
   * A method that throws, or gives something else, in place of a promise does so for its caller too, whatever a
   * replacement makes of it: so do test doubles.
   */
  #replace(replacement: Replacement, method: Method, self: unknown, args: unknown[]): unknown {
    let atOnce: (() => unknown) | undefined
    const call: Method = (...given) => {
      try {
        const answer = this.#run(withoutOther(this.#given, method), self, given)
        if (!isThenable(answer)) atOnce = () => answer
        return answer
      } catch (error) {
        atOnce = () => {
          throw error
        }
        throw error
      }
    }
    const result = replacement(call, ...args)
    if (!(result instanceof Promise)) return result
    if (!atOnce) return result.then((value) => (value === this.#given ? this.#wrapper : value))
    result.catch(() => undefined)
    return atOnce()
  }
}
