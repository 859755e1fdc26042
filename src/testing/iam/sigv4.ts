/** AWS Signature Version 4 of a presigned request without a body, of which the host is the one signed header. */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { SignedRequest } from './signed-request.ts'

export const ALGORITHM = 'AWS4-HMAC-SHA256'

/** The signature cannot sign itself, and the signers append User-Agent when they have signed. */
const UNSIGNED: ReadonlySet<string> = new Set(['X-Amz-Signature', 'User-Agent'])

/** @param scope date/region/service/aws4_request */
export function isSignedWith(secretAccessKey: string, request: SignedRequest, scope: string): boolean {
  const expected = Buffer.from(signatureOf(request, scope, secretAccessKey))
  const given = Buffer.from(request.parameters.get('X-Amz-Signature') ?? '')
  return given.length === expected.length && timingSafeEqual(given, expected)
}

function signatureOf(request: SignedRequest, scope: string, secretAccessKey: string): string {
  const date = request.parameters.get('X-Amz-Date') ?? ''
  const toSign = [ALGORITHM, date, scope, sha256(canonicalRequest(request))].join('\n')
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`)
  return hmac(key, toSign).toString('hex')
}

/** What is signed: two requests with the same are one to AWS, however they are written. */
function canonicalRequest({ host, path, parameters }: SignedRequest): string {
  const query = [...parameters]
    .filter(([name]) => !UNSIGNED.has(name))
    // Encoded first: AWS orders the encoded names.
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&')
  return ['GET', path, query, `host:${host}`, '', 'host', sha256('')].join('\n')
}

/** RFC 3986, which reserves five characters more than encodeURIComponent. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  )

const hmac = (key: string | Buffer, message: string): Buffer =>
  createHmac('sha256', key).update(message).digest()

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
