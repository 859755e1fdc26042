/**
 * Writes every token, and every key that the local STS gives out, to stack/.state/secrets.jsonl, seen where it leaves:
 * at the TLS socket and in the STS's answer. The leak test searches for them.
 *
 * In a test: `recordSecrets(name)`. In another process, the example for one: RECORD_SECRETS_AS=name and
 * `node --import` this file.
 */
import { appendFileSync } from 'node:fs'
import { ServerResponse } from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import tls from 'node:tls'
import { secretsFile } from './places.ts'

export type SecretKind = 'token' | 'access key id' | 'secret access key' | 'session token' | 'signature'

export interface Secret {
  readonly run: string
  readonly kind: SecretKind
  readonly value: string
}

const SASL_AUTHENTICATE = 36
const seen = new Set<string>()
let recording: string | undefined

export function recordSecrets(run: string): void {
  const first = recording === undefined
  recording = run
  if (!first) return
  const { connect } = tls
  tls.connect = ((...args: unknown[]) => {
    const socket = Reflect.apply(connect, tls, args)
    before(socket, 'write', (chunk) => {
      const carried = tokenIn(chunk)
      if (carried) recordToken(carried.token)
    })
    return socket
  }) as typeof connect
  syncBuiltinESMExports()
  before(ServerResponse.prototype, 'end', (chunk) => {
    if (typeof chunk === 'string' && chunk.includes('<SecretAccessKey>')) recordKeys(chunk)
  })
}

/** A Kafka request that carries a token: size, API key, version, correlation id, …, `auth=Bearer TOKEN`. */
export interface TokenRequest {
  readonly token: string
  readonly correlationId: number
}

/** The one in what is written to a socket. It may stand behind another request: a re-authentication is one write. */
export function tokenIn(chunk: unknown): TokenRequest | undefined {
  if (!Buffer.isBuffer(chunk)) return undefined
  for (let start = 0; chunk.length - start >= 12; ) {
    const end = start + 4 + chunk.readInt32BE(start)
    if (end <= start) return undefined
    const token = /auth=Bearer ([\w.~+/=-]+)/.exec(chunk.toString('latin1', start, end))?.[1]
    if (token !== undefined && chunk.readInt16BE(start + 4) === SASL_AUTHENTICATE)
      return { token, correlationId: chunk.readInt32BE(start + 8) }
    start = end
  }
  return undefined
}

function recordToken(token: string): void {
  record('token', token)
  // The token is the base64url text of a signed URL.
  const { searchParams } = new URL(Buffer.from(token, 'base64url').toString())
  record('signature', searchParams.get('X-Amz-Signature'))
  record('session token', searchParams.get('X-Amz-Security-Token'))
  record('access key id', searchParams.get('X-Amz-Credential')?.split('/')[0])
}

function recordKeys(xml: string): void {
  const element = (name: string) => new RegExp(`<${name}>([^<]+)</${name}>`).exec(xml)?.[1]
  record('access key id', element('AccessKeyId'))
  record('secret access key', element('SecretAccessKey'))
  record('session token', element('SessionToken'))
}

function record(kind: SecretKind, value: string | null | undefined): void {
  if (!value || seen.has(value) || recording === undefined) return
  seen.add(value)
  const secret: Secret = { run: recording, kind, value }
  appendFileSync(secretsFile, `${JSON.stringify(secret)}\n`)
}

/** Looks at the first argument of every call of a method; the call itself stays what it is. */
function before(target: object, method: string, look: (argument: unknown) => void): void {
  const original = Reflect.get(target, method) as (...args: unknown[]) => unknown
  Object.defineProperty(target, method, {
    configurable: true,
    writable: true,
    value: function looked(this: unknown, ...args: unknown[]) {
      look(args[0])
      return Reflect.apply(original, this, args)
    },
  })
}

const asPreload = process.env['RECORD_SECRETS_AS']
if (asPreload) recordSecrets(asPreload)
