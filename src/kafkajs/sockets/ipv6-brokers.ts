import type { BrokersOption } from '../../options/brokers.ts'
import type { SocketFactory } from './socket-factory.ts'

const IPV6 = /^\[(.+)\]:(\d+)$/

/**
 * kafkajs 2.2.4 splits a broker at its first colon, which an IPv6 address has inside. So kafkajs gets a name for such an
 * address, under a domain that exists nowhere (RFC 6761), and the sockets get the address back.
 */
export function withIpv6(
  brokers: BrokersOption,
  socketFactory: SocketFactory,
): { brokers: BrokersOption; socketFactory: SocketFactory } {
  const addresses = new Map<string, string>()
  const named = (list: readonly string[]) =>
    list.map((broker) => {
      const [, address, port] = IPV6.exec(broker) ?? []
      if (address === undefined) return broker
      const name = `${address.replaceAll(/[:%]/g, '-')}.ipv6.invalid`
      addresses.set(name, address)
      return `${name}:${port}`
    })
  return {
    brokers: typeof brokers === 'function' ? async () => named(await brokers()) : named(brokers),
    socketFactory: (args) => {
      const address = addresses.get(args.host)
      return socketFactory(address === undefined ? args : { ...args, host: address })
    },
  }
}
