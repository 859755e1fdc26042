/**
 * A self-signed certificate, made when a test runs: nothing secret is committed, and no openssl has to be installed.
 * Just enough DER for X.509 v3 with subject alternative names.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto'

export interface SelfSigned {
  /** PEM. */
  readonly key: string
  readonly cert: string
}

const DAY_MS = 86_400_000

const Tag = {
  Boolean: 0x01,
  Integer: 0x02,
  BitString: 0x03,
  OctetString: 0x04,
  ObjectIdentifier: 0x06,
  Utf8String: 0x0c,
  UtcTime: 0x17,
  Sequence: 0x30,
  Set: 0x31,
  /** [0] and [3] of TBSCertificate: the version and the extensions. */
  Version: 0xa0,
  Extensions: 0xa3,
  /** [2] of GeneralName. */
  DnsName: 0x82,
} as const

// Object identifiers, already encoded.
const ecdsaWithSha256 = Buffer.from('2a8648ce3d040302', 'hex')
const commonName = Buffer.from('550403', 'hex')
const subjectAltName = Buffer.from('551d11', 'hex')
const basicConstraints = Buffer.from('551d13', 'hex')

/**
 * For the DNS name given.
 *
 * @param from when it becomes valid, in days from now; it is valid for two days
 */
export function selfSigned(dnsName: string, from = -1): SelfSigned {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const algorithm = der(Tag.Sequence, der(Tag.ObjectIdentifier, ecdsaWithSha256))
  const name = der(
    Tag.Sequence,
    der(
      Tag.Set,
      der(Tag.Sequence, der(Tag.ObjectIdentifier, commonName), der(Tag.Utf8String, Buffer.from(dnsName))),
    ),
  )
  const start = Date.now() + from * DAY_MS
  const extensions = der(
    Tag.Sequence,
    extension(basicConstraints, der(Tag.Sequence, der(Tag.Boolean, Buffer.from([0xff])))),
    extension(subjectAltName, der(Tag.Sequence, der(Tag.DnsName, Buffer.from(dnsName)))),
  )
  const toBeSigned = der(
    Tag.Sequence,
    der(Tag.Version, der(Tag.Integer, Buffer.from([2]))),
    der(Tag.Integer, serialNumber()),
    algorithm,
    name,
    der(Tag.Sequence, utcTime(start), utcTime(start + 2 * DAY_MS)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(Tag.Extensions, extensions),
  )
  const certificate = der(
    Tag.Sequence,
    toBeSigned,
    algorithm,
    der(Tag.BitString, Buffer.from([0]), sign('sha256', toBeSigned, privateKey)),
  )
  return { key: privateKey.export({ type: 'pkcs8', format: 'pem' }) as string, cert: pem(certificate) }
}

function der(tag: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts)
  const { length } = body
  const header =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...header]), body])
}

const extension = (identifier: Buffer, value: Buffer): Buffer =>
  der(Tag.Sequence, der(Tag.ObjectIdentifier, identifier), der(Tag.OctetString, value))

/** Positive, and without a leading zero that DER would not allow. */
const serialNumber = (): Buffer => Buffer.concat([Buffer.from([0x40]), randomBytes(8)])

/** 261122184500Z */
const utcTime = (ms: number): Buffer =>
  der(
    Tag.UtcTime,
    Buffer.from(
      `${new Date(ms)
        .toISOString()
        .replace(/[-:T]|\.\d+/g, '')
        .slice(2)}`,
    ),
  )

const pem = (certificate: Buffer): string =>
  `-----BEGIN CERTIFICATE-----\n${certificate
    .toString('base64')
    .replace(/.{64}/g, '$&\n')
    .trimEnd()}\n-----END CERTIFICATE-----\n`
