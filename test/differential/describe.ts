/** What of a run is compared, as JSON: times, ports and ids are left out, errors are read with their causes. */

export type Described =
  | null
  | boolean
  | number
  | string
  | readonly Described[]
  | { readonly [key: string]: Described }

/** Fields that are different at each run. */
const LEFT_OUT = new Set([
  'timestamp',
  'createdAt',
  'sentAt',
  'pendingDuration',
  'duration',
  'stack',
  'clusterId',
  'retryTime',
  'memberId',
  'leaderId',
  'logAppendTime',
  'topicId',
  'throttleTime',
  'clientSideThrottleTime',
  'producerId',
  // Of instrumentation events: they are counted for the whole process.
  'id',
])
const MAX_DEPTH = 7
const MAX_ITEMS = 60
const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi

export class Describer {
  readonly #ports: ReadonlyMap<number, number>
  readonly #names: ReadonlyMap<string, string>

  /**
   * @param ports the broker of each port
   * @param names what stands in the place of texts that are different at each run
   */
  constructor(ports: ReadonlyMap<number, number>, names: ReadonlyMap<string, string> = new Map()) {
    this.#ports = ports
    this.#names = names
  }

  text(text: string): string {
    const named = [...this.#names].reduce((all, [from, to]) => all.replaceAll(from, to), text)
    return named
      .replace(UUID, '<uuid>')
      .replace(/\b\d{4,5}\b/g, (digits) => this.#port(Number(digits)) ?? digits)
      .replace(/\b1[789]\d{11}\b/g, '<now>')
  }

  /** Ports that are no broker's are those of sockets. */
  #port(port: number): string | undefined {
    const broker = this.#ports.get(port)
    return broker === undefined ? undefined : `<broker ${broker}>`
  }

  value(value: unknown, depth = 0, seen: readonly unknown[] = []): Described {
    switch (typeof value) {
      case 'string':
        return this.text(value)
      case 'number':
        return Number.isFinite(value)
          ? (this.#port(value) ?? (value > 1.7e12 ? '<now>' : value))
          : `<${value}>`
      case 'boolean':
        return value
      case 'function':
        return `<function ${value.length}>`
      case 'object':
        return value === null ? null : this.#object(value, depth, seen)
      case 'undefined':
        return '<undefined>'
      default:
        return `<${typeof value} ${String(value)}>`
    }
  }

  #object(value: object, depth: number, seen: readonly unknown[]): Described {
    if (seen.includes(value)) return '<cyclic>'
    if (depth > MAX_DEPTH) return '<deeper>'
    if (value instanceof Error) return this.error(value)
    if (Buffer.isBuffer(value)) return `<bytes ${this.text(value.toString('latin1').slice(0, 200))}>`
    if (value instanceof Date) return '<date>'
    if (ArrayBuffer.isView(value)) return `<${value.constructor.name}>`
    const inner = (of: unknown) => this.value(of, depth + 1, [...seen, value])
    if (Array.isArray(value)) {
      return Array.from({ length: Math.min(value.length, MAX_ITEMS) }, (_, index) =>
        index in value ? inner(value[index]) : '<hole>',
      )
    }
    const fields = keysOf(value).filter((key) => !LEFT_OUT.has(key))
    const described = fields
      .slice(0, MAX_ITEMS)
      .map((key) => [this.text(key), this.#field(value, key, inner)] as const)
    const name = classOf(value)
    return Object.fromEntries(name === 'Object' ? described : [['<class>', name], ...described])
  }

  #field(value: object, key: string, inner: (of: unknown) => Described): Described {
    try {
      return inner(Reflect.get(value, key, value))
    } catch (error) {
      return `<throws ${error instanceof Error ? error.message : String(error)}>`
    }
  }

  /** Name, type, code, retriable, message, what else it has, and the names of its causes. */
  error(error: unknown): Described {
    if (!(error instanceof Error)) return { thrown: this.value(error) }
    const { name, message, type, code, retriable, helpUrl } = error as Error & Record<string, unknown>
    return {
      name,
      message: this.text(message),
      type: this.value(type),
      code: this.value(code),
      retriable: this.value(retriable),
      helpUrl: this.value(helpUrl),
      fields: Object.keys(error).sort(),
      causes: causesOf(error),
    }
  }
}

/** Own keys, and those of a class's getters. */
function keysOf(value: object): string[] {
  const own = Object.keys(value)
  const prototype: unknown = Object.getPrototypeOf(value)
  if (typeof prototype !== 'object' || prototype === null || prototype === Object.prototype) return own
  const getters = Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([key, { get }]) => get && key !== '__proto__')
    .map(([key]) => key)
  return [...own, ...getters]
}

function classOf(value: object): string {
  const { constructor: made } = value as { constructor?: unknown }
  return typeof made === 'function' ? made.name : 'none'
}

function causesOf(error: Error): string[] {
  const names: string[] = []
  for (let link: unknown = error.cause; link instanceof Error && names.length < 5; link = link.cause) {
    names.push(link.name)
  }
  return names
}
