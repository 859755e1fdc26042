/** kafkajs's arguments of the hook. Methods, so that kafkajs's own types, which name Buffer, fit. */
export interface AuthenticationProviderArgs {
  readonly host: string
  readonly port: number
  readonly logger: { error(message: string, extra?: object): void }
  saslAuthenticate<ParseResult>(args: {
    request: { encode(): Uint8Array | Promise<Uint8Array> }
    response?: {
      decode(rawResponse: Uint8Array): Uint8Array | Promise<Uint8Array>
      parse(data: Uint8Array): ParseResult
    }
    // biome-ignore lint/suspicious/noConfusingVoidType: as kafkajs declares it
  }): Promise<ParseResult | void>
}

/** kafkajs's arguments of a socket factory. */
export interface SocketFactoryArgs {
  readonly host: string
  readonly port: number
  readonly ssl?: object | boolean | null
  readonly onConnect: () => void
}
