/** Kafka's protocol by hand, for what no client would send or show. */
import { ApiKey } from '../../src/testing/protocol/api.ts'
import { Reader } from '../../src/testing/protocol/reader.ts'
import { int16, int32, type RawClient } from '../testing/protocol/support.ts'
import { SESSION_SECONDS } from './cluster.ts'
import type { Scene } from './scene.ts'
import { orders, signed } from './tokens.ts'

export const string16 = (text: string | null): Buffer =>
  text === null ? int16(-1) : Buffer.concat([int16(Buffer.byteLength(text)), Buffer.from(text)])

/** The answer behind its correlation id; undefined where the connection was closed instead. */
export async function answer(client: RawClient, flexible = false): Promise<Reader | undefined> {
  const frame = await client.answer()
  return frame && new Reader(frame, flexible, 4)
}

/** Error code and message of the exchange. */
export async function offer(client: RawClient, token: string, version = 1): Promise<string> {
  client.authenticate(token, version)
  const body = await answer(client)
  if (body === undefined) return 'closed'
  const [code, message, authBytes] = [body.int16(), body.string(), body.bytes()]
  const lifetime = version >= 1 ? body.int64() : undefined
  const length = lifetime === SESSION_SECONDS.usual * 1000 ? 'the usual session' : 'a shorter session'
  const session = code === 0 && lifetime !== undefined ? `, ${length}` : ''
  const more = authBytes?.length === 0 ? '' : ` and ${authBytes?.length} bytes`
  return `${code} ${JSON.stringify(message)}${more}${session}`
}

export async function handshake(client: RawClient, version = 1, mechanism = 'OAUTHBEARER'): Promise<string> {
  client.handshake(version, mechanism)
  const body = await answer(client)
  return body === undefined ? 'closed' : `${body.int16()} [${body.array(() => body.string())}]`
}

/** Whether the connection is closed before the next answer. */
export const next = async (client: RawClient): Promise<string> =>
  (await client.answer()) === undefined ? 'closed' : 'answered'

interface ApiRange {
  readonly apiKey: number
  readonly min: number
  readonly max: number
}

export async function apiVersions(
  client: RawClient,
  version: number,
  software = 'truth',
): Promise<{ code: number; ranges: ApiRange[] } | undefined> {
  const flexible = version >= 3
  const body = Buffer.concat([compact(software), compact('1'), Buffer.from([0])])
  client.request(ApiKey.ApiVersions, version, flexible ? body : Buffer.alloc(0), flexible)
  // One that is too new is answered as version 0.
  const reader = await answer(client, flexible && version <= 4)
  if (reader === undefined) return undefined
  const code = reader.int16()
  const ranges = all(reader, () => ({ apiKey: reader.int16(), min: reader.int16(), max: reader.int16() }))
  return { code, ranges }
}

const compact = (text: string): Buffer => Buffer.concat([Buffer.from([text.length + 1]), Buffer.from(text)])

/** Metadata 12 of one topic, field by field. */
export async function metadata(client: RawClient, topic: string, mayCreate = false): Promise<string[]> {
  const noId = Buffer.alloc(16)
  const topics = Buffer.concat([Buffer.from([2]), noId, compact(topic), Buffer.from([0])])
  client.request(ApiKey.Metadata, 12, Buffer.concat([topics, Buffer.from([mayCreate ? 1 : 0, 0, 0])]), true)
  const reader = await answer(client, true)
  if (reader === undefined) return ['closed']
  reader.tags()
  const throttle = reader.int32()
  const nodes = all(reader, () => ({
    id: reader.int32(),
    address: `${reader.string()}:${reader.int32()}`,
    rack: reader.string(),
  }))
  const [clusterId, controller] = [reader.string(), reader.int32()]
  const isNode = (id: number) => (nodes.some((node) => node.id === id) ? 'a node' : id)
  return [
    `throttle ${throttle}`,
    ...nodes.map(({ address, rack }) => `node ${address}, rack ${rack}`),
    `cluster id ${/^[\w-]{22}$/.test(clusterId ?? '') ? 'of 22 characters' : clusterId}`,
    `controller ${isNode(controller)}`,
    ...all(reader, () => readTopic(reader, isNode)).flat(),
  ]
}

function readTopic(reader: Reader, isNode: (id: number) => string | number): string[] {
  const [code, name] = [reader.int16(), reader.string()]
  const id = reader.uuid().some((byte) => byte !== 0)
  const internal = reader.boolean()
  const partitions = all(reader, () => {
    const [error, index, leader, epoch] = [reader.int16(), reader.int32(), reader.int32(), reader.int32()]
    const [replicas, inSync, offline] = [1, 2, 3].map(() => reader.array(() => isNode(reader.int32())))
    return `partition ${index}: error ${error}, leader ${isNode(leader)}, epoch ${epoch}, replicas ${replicas}, in sync ${inSync}, offline ${offline}`
  })
  const operations = reader.int32()
  return [
    `topic ${name}: error ${code}, id ${id}, internal ${internal}, operations ${operations}`,
    ...partitions.sort(),
  ]
}

/** An array of structures. */
function all<T>(reader: Reader, read: () => T): T[] {
  const structure = () => {
    const value = read()
    reader.tags()
    return value
  }
  return reader.array(structure) ?? []
}

/** A connection that may do what orders-service may. */
export async function authenticated(scene: Scene, token?: string): Promise<RawClient> {
  const client = scene.raw()
  await handshake(client)
  await offer(client, token ?? (await signed(orders)))
  return client
}

/** Of no topic, which anybody may ask for who has authenticated. */
export const askForMetadata = (client: RawClient): void => client.request(ApiKey.Metadata, 1, int32(0))
