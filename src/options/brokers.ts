import { type Check, CONTROL, misfit, readResult } from './check.ts'
import { listOf } from './values.ts'

const EXAMPLE = "['b-1.orders.abc123.c2.kafka.eu-west-1.amazonaws.com:9098']"
const BROKER = 'host:port, for example b-1.orders.abc123.c2.kafka.eu-west-1.amazonaws.com:9098'
const LIST = `a list of brokers, each host:port: ${EXAMPLE}`
const SCHEME = /^[a-z][a-z0-9+._-]*:\/\//i
const HOST = /^(?:[a-z0-9_](?:[a-z0-9._-]*[a-z0-9_])?\.?|\[[0-9a-f:.]+(?:%[\w.-]+)?\])$/i

/** One broker. Its text is not repeated: an address with a scheme may hold a password. */
const broker: Check<string> = {
  takes: BROKER,
  read(value, place) {
    const found = typeof value === 'string' ? faultOf(value) : undefined
    if (typeof value === 'string' && found === undefined) return value
    throw misfit(value, place, BROKER, { found })
  },
}

function faultOf(value: string): string | undefined {
  if (value === '') return 'an empty string (is there a comma at the end of the list?)'
  if (value.includes(',')) return 'several brokers in one string (split it at the commas)'
  if (/\s/.test(value) || CONTROL.test(value)) return 'a string with a space or a line break in it'
  if (SCHEME.test(value)) return 'a string with a scheme before the host (leave it out)'
  const port = /:(\d{1,5})$/.exec(value)?.[1]
  if (port === undefined) return 'a string without a port at its end'
  if (Number(port) < 1 || Number(port) > 65_535) return 'a string whose port is not from 1 to 65535'
  const host = value.slice(0, -port.length - 1)
  if (HOST.test(host)) return undefined
  if (host.includes(':') && !host.startsWith('['))
    return 'a string with several colons (an IPv6 address stands in brackets: [::1]:9098)'
  return 'a string whose host is no name and no address'
}

const list: Check<readonly string[]> = {
  takes: LIST,
  read(value, place) {
    if (typeof value === 'string') {
      throw misfit(value, place, LIST, { found: 'one string', more: " Split it: brokers.split(',')." })
    }
    const brokers = listOf(broker, LIST, 1).read(value, place)
    const names = brokers.map((name) => name.toLowerCase())
    const twice = names.findIndex((name, index) => names.indexOf(name) !== index)
    if (twice < 0) return brokers
    const found = `the same as \`${place.option}[${names.indexOf(names[twice] as string)}]\``
    throw misfit(value, { ...place, option: `${place.option}[${twice}]` }, 'each broker once', { found })
  },
}

export type BrokersOption = readonly string[] | (() => Promise<readonly string[]>)

/** A list, or a function that returns one, as kafkajs takes it; what the function returns is checked at each call. */
export const brokersOption: Check<BrokersOption> = {
  takes: `${LIST}, or a function that returns one`,
  read(value, place) {
    if (typeof value !== 'function') return list.read(value, place)
    const given = value as () => unknown
    return async () => readResult(list, await given(), place.of, `${place.option}()`)
  },
}
