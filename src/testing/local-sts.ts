import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { mintCredentials } from './iam/local-keys.ts'
import { errorXml, identityXml, readRequest, roleXml, type StsRequest } from './sts/answers.ts'
import { checkedCredentialSeconds, checkedStsFault, checkedStsOptions } from './sts/options.ts'
import { type AwsError, awsErrorOf, type StsRefusal, unknownAction } from './sts/refusals.ts'

/**
 * How the local STS fails.
 *
 * - `deny`: AccessDenied, the role may not be assumed
 * - `throttle`: Throttling, which the AWS SDK tries again
 * - `error`: InternalFailure with status 500, which the AWS SDK tries again
 * - `expired-token`: the caller's own keys, or its web identity token, have expired
 * - `invalid-identity-token`: the account does not know who issued the web identity token
 * - `clock-skew`: the request was signed too long ago
 * - `down`: the connection is closed without an answer
 * - `{ slow }`: answers as ever, after so many ms
 * - `{ shortLived }`: the keys that it gives out live so many seconds
 */
export type StsFault = StsRefusal | 'down' | { readonly slow: number } | { readonly shortLived: number }

export interface LocalStsOptions {
  /** How long the keys live that it gives out; default 3600. May be changed while it runs. */
  readonly credentialSeconds?: number
  /** Role ARN → the principal that a broker takes its holder for. */
  readonly principals?: Readonly<Record<string, string>>
  /** The principal of every other role; default `orders-service`. */
  readonly defaultPrincipal?: string
  /** The clock, epoch ms; default the system's. */
  readonly now?: () => number
}

export interface LocalSts extends AsyncDisposable {
  /** For `AWS_ENDPOINT_URL_STS`, or for a client's `endpoint`. */
  readonly url: string
  /** Every request so far, failed ones too. */
  readonly requests: StsRequest[]
  /** Fails like this from the next request on; undefined ends it. */
  setFault(fault: StsFault | undefined): void
  setCredentialSeconds(seconds: number): void
  /** Closes its connections as well. May be called twice. */
  close(): Promise<void>
}

/**
 * Starts a small STS in this process, for the real AWS SDK: it serves `AssumeRole`, `AssumeRoleWithWebIdentity` and
 * `GetCallerIdentity` on the loopback interface, in AWS's XML and with AWS's texts, and fails on command. It checks no
 * signature, so any base credentials will do. The keys it gives out are known to the sandbox and to the broker of the
 * compose stack without being registered; their principal must be.
 *
 * @throws MskIamConfigurationError for an option that there is not, or whose value cannot be
 *
 * @example
 * ```ts
 * await using sts = await startLocalSts({ credentialSeconds: 60 })
 * process.env['AWS_ENDPOINT_URL_STS'] = sts.url
 * sts.setFault('throttle')
 * ```
 */
export async function startLocalSts(options: LocalStsOptions = {}): Promise<LocalSts> {
  const { credentialSeconds, ...settings } = checkedStsOptions(options)
  const requests: StsRequest[] = []
  const mood: Mood = { fault: undefined, credentialSeconds }
  const answer = answerer(settings, mood)
  const closing = new AbortController()

  const server = createServer(async (incoming, response) => {
    try {
      const request = await readRequest(incoming)
      requests.push(request)
      await answer(request, response, closing.signal)
    } catch {
      // The client went away, or we close.
      response.destroy()
    }
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  const close = () => {
    closing.abort()
    return new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    setFault: (next) => {
      mood.fault = checkedStsFault(next)
    },
    setCredentialSeconds: (seconds) => {
      mood.credentialSeconds = checkedCredentialSeconds(seconds)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** What may change while it runs. */
interface Mood {
  fault: StsFault | undefined
  credentialSeconds: number
}

function answerer(settings: Omit<Required<LocalStsOptions>, 'credentialSeconds'>, mood: Mood) {
  const { defaultPrincipal, now } = settings
  const principals = new Map(Object.entries(settings.principals))

  return async (request: StsRequest, response: ServerResponse, closing: AbortSignal): Promise<void> => {
    const { fault, credentialSeconds } = mood
    if (fault === 'down') {
      response.destroy()
      return
    }
    if (typeof fault === 'string') return refuse(response, awsErrorOf(fault, request, now()))
    if (fault && 'slow' in fault) await sleep(fault.slow, undefined, { signal: closing })
    const seconds = fault && 'shortLived' in fault ? fault.shortLived : credentialSeconds
    const principal = principals.get(request.roleArn ?? '') ?? defaultPrincipal
    switch (request.action) {
      case 'GetCallerIdentity':
        return send(response, 200, identityXml(request, principal))
      case 'AssumeRole':
      case 'AssumeRoleWithWebIdentity': {
        const keys = mintCredentials(principal, new Date(now() + seconds * 1000))
        return send(response, 200, roleXml(request, keys))
      }
      default:
        return refuse(response, unknownAction(request.action))
    }
  }
}

function refuse(response: ServerResponse, error: AwsError): void {
  send(response, error.status, errorXml(error))
}

function send(response: ServerResponse, status: number, xml: string): void {
  response.writeHead(status, { 'content-type': 'text/xml' }).end(xml)
}
