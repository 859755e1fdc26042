import { decodeBase64Url } from './base64url.ts'
import { invalidPayload } from './token-refused.ts'

/** A token taken apart: a presigned URL in base64url. Nothing in it has been verified yet. */
export interface SignedRequest {
  readonly scheme: string
  /** With the port or the user, where one is written: it then is nobody's host. */
  readonly host: string
  readonly path: string
  /** Decoded. */
  readonly parameters: ReadonlyMap<string, string>
}

// By hand, since `new URL` mends what it is given: it drops tabs and default ports and lowers the host's case, and what
// it had mended would not be what was signed. It takes printable ASCII alone.
const URL_PARTS = /^([a-zA-Z]+):\/\/([!-.0->@-~]*)(\/[!"$->@-~]*)\?([!"$-~]*)$/

export function parseToken(token: string): SignedRequest {
  const bytes = decodeBase64Url(token)
  if (bytes === undefined) throw invalidPayload('not base64url')
  const [, scheme, host, path, query] = URL_PARTS.exec(bytes.toString('latin1')) ?? []
  if (scheme === undefined || host === undefined || path === undefined || query === undefined) {
    throw invalidPayload('not a URL with a query')
  }
  return { scheme, host, path, parameters: parametersOf(query) }
}

function parametersOf(query: string): ReadonlyMap<string, string> {
  const parameters = new Map<string, string>()
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=')
    const name = decode(equals < 0 ? pair : pair.slice(0, equals))
    // Of two values only one could be the one that is checked.
    if (parameters.has(name)) throw invalidPayload('a query parameter is repeated')
    parameters.set(name, equals < 0 ? '' : decode(pair.slice(equals + 1)))
  }
  return parameters
}

/** As in a URL, not as in a form: `+` stays `+`. */
function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalidPayload('bad percent-encoding')
  }
}
