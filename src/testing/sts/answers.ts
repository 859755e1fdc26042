/** Requests and answers in the query protocol of AWS's STS, version 2011-06-15. */
import { randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { LocalCredentials } from '../iam/local-keys.ts'
import { ACCOUNT, type AwsError } from './refusals.ts'

/** What somebody asked of the local STS. */
export interface StsRequest {
  /** `AssumeRole`, `AssumeRoleWithWebIdentity`, `GetCallerIdentity`. */
  action: string
  roleArn: string | undefined
  sessionName: string | undefined
  /** Who signed, or undefined where nobody has to (a web identity). */
  accessKeyId: string | undefined
  /** The region it was signed for. */
  region: string | undefined
}

const NAMESPACE = 'https://sts.amazonaws.com/doc/2011-06-15/'

export async function readRequest(request: IncomingMessage): Promise<StsRequest> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  const form = new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
  // AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/sts/aws4_request, …
  const scope = /Credential=([^/]+)\/[^/]+\/([^/]+)\//.exec(request.headers.authorization ?? '')
  return {
    action: form.get('Action') ?? '',
    roleArn: form.get('RoleArn') ?? undefined,
    sessionName: form.get('RoleSessionName') ?? undefined,
    accessKeyId: scope?.[1],
    region: scope?.[2],
  }
}

export function identityXml({ action }: StsRequest, principal: string): string {
  const arn = `arn:aws:iam::${ACCOUNT}:user/${escapeXml(principal)}`
  return envelope(action, `<Arn>${arn}</Arn><UserId>AIDALOCAL</UserId><Account>${ACCOUNT}</Account>`)
}

export function roleXml({ action, roleArn, sessionName = '' }: StsRequest, keys: LocalCredentials): string {
  const session = escapeXml(sessionName)
  const arn = `arn:aws:sts::${ACCOUNT}:assumed-role/${escapeXml(roleArn?.split('/').at(-1) ?? '')}/${session}`
  return envelope(
    action,
    `<AssumedRoleUser><AssumedRoleId>AROALOCAL:${session}</AssumedRoleId><Arn>${arn}</Arn></AssumedRoleUser>
    <Credentials>
      <AccessKeyId>${keys.accessKeyId}</AccessKeyId>
      <SecretAccessKey>${keys.secretAccessKey}</SecretAccessKey>
      <SessionToken>${keys.sessionToken}</SessionToken>
      <Expiration>${keys.expiration.toISOString()}</Expiration>
    </Credentials>`,
  )
}

export function errorXml({ status, code, message }: AwsError): string {
  const type = status < 500 ? 'Sender' : 'Receiver'
  return `<ErrorResponse xmlns="${NAMESPACE}">
  <Error><Type>${type}</Type><Code>${code}</Code><Message>${escapeXml(message)}</Message></Error>
  <RequestId>${randomUUID()}</RequestId>
</ErrorResponse>`
}

function envelope(action: string, result: string): string {
  return `<${action}Response xmlns="${NAMESPACE}">
  <${action}Result>${result}</${action}Result>
  <ResponseMetadata><RequestId>${randomUUID()}</RequestId></ResponseMetadata>
</${action}Response>`
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
