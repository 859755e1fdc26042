/**
 * A small STS in this process: it answers the AWS SDK in AWS's own XML and texts, mints keys that the stack's broker
 * accepts, and fails on command. Point the SDK at it with AWS_ENDPOINT_URL_STS or a client's `endpoint`.
 */
import { createHmac, randomInt, randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** `slow` answers as ever, after `ms`; `down` closes the connection without an answer. */
export type StsFault =
  | 'deny'
  | 'throttle'
  | 'error'
  | 'down'
  | 'expired-token'
  | 'invalid-identity-token'
  | 'clock-skew'
  | { slow: number }

export interface StsRequest {
  action: string
  roleArn: string | undefined
  sessionName: string | undefined
  /** Who signed, or undefined where nobody has to (a web identity). */
  accessKeyId: string | undefined
  region: string | undefined
}

export interface LocalStsOptions {
  /** How long the keys live that it gives out; default 3600. May be changed while it runs. */
  credentialSeconds?: number
  /** Role ARN → principal of stack/identities.json; any other role is `orders-service`. */
  principals?: Record<string, string>
}

export interface LocalSts {
  url: string
  /** Every request so far, failed ones too. */
  requests: StsRequest[]
  setFault(fault: StsFault | undefined): void
  setCredentialSeconds(seconds: number): void
  close(): Promise<void>
}

interface Refusal {
  status: number
  code: string
  message: string
}

// The contract with stack/broker/src/kafkaiamotel/broker/Identities.java.
const testKey = 'kafka-iam-otel test key, not a secret'
const account = '123456789012'
const keyAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

export async function startLocalSts(options: LocalStsOptions = {}): Promise<LocalSts> {
  const requests: StsRequest[] = []
  let credentialSeconds = options.credentialSeconds ?? 3600
  let fault: StsFault | undefined

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = new URLSearchParams(await bodyOf(request))
    const seen = { ...describe(form), ...signerOf(request) }
    requests.push(seen)
    const current = fault
    if (current === 'down') {
      request.socket.destroy()
      return
    }
    if (typeof current === 'object') await new Promise((resolve) => setTimeout(resolve, current.slow))
    const refusal = typeof current === 'string' ? refusalOf(current, seen) : undefined
    if (refusal !== undefined) return send(response, refusal.status, errorXml(refusal))
    const principal = options.principals?.[seen.roleArn ?? ''] ?? 'orders-service'
    const result = resultXml(seen, principal, credentialSeconds)
    if (result === undefined) {
      const message = `Could not find operation ${seen.action} for version 2011-06-15`
      return send(response, 400, errorXml({ status: 400, code: 'InvalidAction', message }))
    }
    send(response, 200, envelope(seen.action, result))
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => response.destroy(error as Error))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    setFault: (next) => {
      fault = next
    },
    setCredentialSeconds: (seconds) => {
      credentialSeconds = seconds
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Keys as the local STS mints them, for a test that wants them without asking it. */
export function mintCredentials(principal: string, expiration: Date) {
  const accessKeyId = `ASIALOCAL${Array.from({ length: 11 }, () => keyAlphabet[randomInt(keyAlphabet.length)]).join('')}`
  return {
    accessKeyId,
    secretAccessKey: createHmac('sha256', testKey).update(accessKeyId).digest('base64'),
    sessionToken: Buffer.from(JSON.stringify({ principal, expiration: expiration.getTime() })).toString(
      'base64url',
    ),
    expiration,
  }
}

function describe(form: URLSearchParams) {
  return {
    action: form.get('Action') ?? '',
    roleArn: form.get('RoleArn') ?? undefined,
    sessionName: form.get('RoleSessionName') ?? undefined,
  }
}

/** From the header `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/sts/aws4_request, …`; the signature is not checked. */
function signerOf(request: IncomingMessage) {
  const scope = /Credential=([^/]+)\/[^/]+\/([^/]+)\//.exec(request.headers.authorization ?? '')
  return { accessKeyId: scope?.[1], region: scope?.[2] }
}

function refusalOf(fault: Exclude<StsFault, 'down' | object>, request: StsRequest): Refusal {
  switch (fault) {
    case 'deny': {
      const message =
        request.action === 'AssumeRoleWithWebIdentity'
          ? 'Not authorized to perform sts:AssumeRoleWithWebIdentity'
          : `User: arn:aws:iam::${account}:user/local is not authorized to perform: sts:${request.action}${
              request.roleArn === undefined ? '' : ` on resource: ${request.roleArn}`
            }`
      return { status: 403, code: 'AccessDenied', message }
    }
    case 'throttle':
      return { status: 400, code: 'Throttling', message: 'Rate exceeded' }
    case 'error':
      return { status: 500, code: 'InternalFailure', message: 'An internal error has occurred' }
    case 'expired-token':
      return request.action === 'AssumeRoleWithWebIdentity'
        ? {
            status: 400,
            code: 'ExpiredTokenException',
            message: 'Token expired: current date/time must be before the expiration date/time',
          }
        : {
            status: 403,
            code: 'ExpiredToken',
            message: 'The security token included in the request is expired',
          }
    case 'invalid-identity-token':
      return {
        status: 400,
        code: 'InvalidIdentityToken',
        message:
          'No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/LOCAL',
      }
    case 'clock-skew': {
      const now = Date.now()
      const [signed, earliest, server] = [now - 1_200_000, now - 900_000, now].map(basicDate)
      const message = `Signature expired: ${signed} is now earlier than ${earliest} (${server} - 15 min.)`
      return { status: 403, code: 'SignatureDoesNotMatch', message }
    }
  }
}

function resultXml(request: StsRequest, principal: string, credentialSeconds: number): string | undefined {
  if (request.action === 'GetCallerIdentity') {
    return `<Arn>arn:aws:iam::${account}:user/${principal}</Arn><UserId>AIDALOCAL</UserId><Account>${account}</Account>`
  }
  if (request.action !== 'AssumeRole' && request.action !== 'AssumeRoleWithWebIdentity') return undefined
  const role = request.roleArn?.split('/').at(-1) ?? ''
  const arn = `arn:aws:sts::${account}:assumed-role/${escapeXml(role)}/${escapeXml(request.sessionName ?? '')}`
  const keys = mintCredentials(principal, new Date(Date.now() + credentialSeconds * 1000))
  return `<AssumedRoleUser><AssumedRoleId>AROALOCAL:${escapeXml(request.sessionName ?? '')}</AssumedRoleId><Arn>${arn}</Arn></AssumedRoleUser>
    <Credentials>
      <AccessKeyId>${keys.accessKeyId}</AccessKeyId>
      <SecretAccessKey>${keys.secretAccessKey}</SecretAccessKey>
      <SessionToken>${keys.sessionToken}</SessionToken>
      <Expiration>${keys.expiration.toISOString()}</Expiration>
    </Credentials>`
}

function envelope(action: string, result: string): string {
  return `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <${action}Result>${result}</${action}Result>
  <ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata>
</${action}Response>`
}

function errorXml({ status, code, message }: Refusal): string {
  return `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <Error><Type>${status < 500 ? 'Sender' : 'Receiver'}</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error>
  <RequestId>${randomUUID()}</RequestId>
</ErrorResponse>`
}

function send(response: ServerResponse, status: number, xml: string): void {
  response.writeHead(status, { 'content-type': 'text/xml' }).end(xml)
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** 20261122T184500Z, as AWS writes dates into this message. */
function basicDate(ms: number): string {
  return new Date(ms).toISOString().replace(/[-:]|\.\d+/g, '')
}
