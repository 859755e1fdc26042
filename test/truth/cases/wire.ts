import { ApiKey, advertised, apiName } from '../../../src/testing/protocol/api.ts'
import { until } from '../../stack/support/until.ts'
import { int16, int32, type RawClient } from '../../testing/protocol/support.ts'
import type { Case } from '../case.ts'
import { keysOf } from '../cluster.ts'
import type { Scene } from '../scene.ts'
import { living, orders, signed } from '../tokens.ts'
import { answer, apiVersions, batch, handshake, metadata, next, offer, produce, string16 } from '../wire.ts'

async function authenticated(scene: Scene, token?: string): Promise<RawClient> {
  const client = scene.raw()
  await handshake(client)
  await offer(client, token ?? (await signed(orders)))
  return client
}

const askForMetadata = (client: RawClient) => client.request(ApiKey.Metadata, 1, int32(0))

export const wire: readonly Case[] = [
  {
    name: 'ApiVersions: what the sandbox serves, Kafka serves',
    async run(scene) {
      for (const version of [0, 1, 2, 3, 4]) {
        const found = await apiVersions(scene.raw(), version)
        const served = [...advertised].map(([apiKey, { min, max }]) => {
          const range = found?.ranges.find((other) => other.apiKey === apiKey)
          return range !== undefined && range.min <= min && range.max >= max
            ? apiName(apiKey)
            : `not ${apiName(apiKey)}`
        })
        scene.note(`version ${version}: error ${found?.code}, ${served.join(' ')}`)
      }
      const tooNew = await apiVersions(scene.raw(), 99)
      scene.note(`no name for software: error ${(await apiVersions(scene.raw(), 3, '-'))?.code}`)
      scene.note(
        `version 99: error ${tooNew?.code}, ${tooNew?.ranges.map(({ apiKey, min }) => `${apiName(apiKey)} from ${min}`)}`,
      )
    },
    expected: `<<>>`,
  },
  {
    name: 'SaslHandshake and SaslAuthenticate, version by version',
    async run(scene) {
      for (const version of [0, 1]) {
        const client = scene.raw()
        scene.note(`handshake: ${await handshake(client)}`)
        scene.note(`authenticate ${version}: ${await offer(client, await signed(orders), version)}`)
        askForMetadata(client)
        scene.note(`then: ${await next(client)}`)
      }
      const old = scene.raw()
      scene.note(`handshake 0: ${await handshake(old, 0)}`)
      const bytes = Buffer.from(`n,,\u0001auth=Bearer ${await signed(orders)}\u0001\u0001`)
      old.socket.write(Buffer.concat([int32(bytes.length), bytes]))
      scene.note(`token without a header: ${(await old.answer())?.length} bytes`)
      askForMetadata(old)
      scene.note(`then: ${await next(old)}`)
    },
    expected: `<<>>`,
  },
  {
    name: 'a handshake that goes wrong',
    async run(scene) {
      const twice = scene.raw()
      scene.note(`first: ${await handshake(twice)}`)
      scene.note(`second: ${await handshake(twice)}, ${await next(twice)}`)
      const plain = scene.raw()
      scene.note(`PLAIN: ${await handshake(plain, 1, 'PLAIN')}, ${await next(plain)}`)
      const early = scene.raw()
      scene.note(`token before the handshake: ${await offer(early, await signed(orders))}`)
      const empty = scene.raw()
      await handshake(empty)
      scene.note(`no token: ${await offer(empty, '')}, ${await next(empty)}`)
    },
    expected: `<<>>`,
  },
  {
    name: 'requests before authentication close the connection',
    async run(scene) {
      for (const apiKey of [ApiKey.Produce, ApiKey.Metadata, ApiKey.InitProducerId, ApiKey.FindCoordinator]) {
        const client = scene.raw()
        client.request(apiKey, 3, Buffer.alloc(40))
        scene.note(`${apiName(apiKey)}: ${await next(client)}`)
      }
      const versions = scene.raw()
      await apiVersions(versions, 0)
      scene.note(`ApiVersions twice: ${(await apiVersions(versions, 0))?.code ?? 'closed'}`)
      const garbage = scene.raw()
      garbage.socket.write('GET / HTTP/1.1\r\n\r\n')
      scene.note(`HTTP: ${await next(garbage)}`)
    },
    expected: `<<>>`,
  },
  {
    name: 'versions that no Kafka has',
    async run(scene) {
      for (const apiKey of [ApiKey.Produce, ApiKey.Metadata, ApiKey.InitProducerId]) {
        const client = await authenticated(scene)
        client.request(apiKey, 99, Buffer.alloc(40), true)
        scene.note(`${apiName(apiKey)} 99: ${await next(client)}`)
      }
    },
    expected: `<<>>`,
  },
  {
    name: 'a second re-authentication within a second is none, and the connection lives on',
    async run(scene) {
      const client = await authenticated(scene)
      scene.note(`again: ${await handshake(client)}, ${await offer(client, await signed(orders))}`)
      scene.note(`and again: ${await handshake(client)}`)
      scene.note(`a token nevertheless: ${await offer(client, await signed(orders))}`)
      askForMetadata(client)
      scene.note(`then: ${await next(client)}`)
    },
    expected: `<<>>`,
  },
  {
    name: 're-authentications that go wrong',
    async run(scene) {
      const other = await authenticated(scene)
      await handshake(other)
      scene.note(
        `somebody else: ${await offer(other, await signed(keysOf('audit-service')))}, ${await next(other)}`,
      )
      const garbage = await authenticated(scene)
      await handshake(garbage)
      scene.note(`no token: ${await offer(garbage, '')}, ${await next(garbage)}`)
      const plain = await authenticated(scene)
      scene.note(`another mechanism: ${await handshake(plain, 1, 'PLAIN')}`)
    },
    expected: `<<>>`,
  },
  {
    name: 'a request between handshake and token',
    async run(scene) {
      for (const begin of [async () => scene.raw(), () => authenticated(scene)]) {
        const [metadata, producerId, versions] = [await begin(), await begin(), await begin()]
        for (const client of [metadata, producerId, versions]) await handshake(client)
        metadata.request(ApiKey.Metadata, 1, Buffer.concat([int32(1), string16('orders')]))
        // Without a topic there is no room for an error.
        const told = await answer(metadata)
        const [nodes, controller] = [told?.array(() => told.int32())?.length, told?.int32()]
        const topics = told?.array(() =>
          [told.int16(), told.string(), told.boolean(), told.int32()].join(' '),
        )
        scene.note(`Metadata: ${nodes} nodes, controller ${controller}, ${topics}, ${await next(metadata)}`)
        producerId.request(ApiKey.InitProducerId, 1, Buffer.concat([int16(-1), int32(1_000)]))
        const refused = await answer(producerId)
        const fields =
          refused && [refused.int32(), refused.int16(), refused.int64(), refused.int16()].join(' ')
        scene.note(`InitProducerId: ${fields}, ${await next(producerId)}`)
        const found = await apiVersions(versions, 0)
        scene.note(
          `ApiVersions: ${found && `error ${found.code}, ${found.ranges.length} ranges`}, ${await next(versions)}`,
        )
      }
    },
    expected: `<<>>`,
  },
  {
    name: 'a session that has ended: re-authentication is let in, anything else is not',
    async run(scene) {
      const [late, renewing] = [
        await authenticated(scene, await living(1)),
        await authenticated(scene, await living(1)),
      ]
      await scene.pass(1_100)
      askForMetadata(late)
      scene.note(`a request: ${await next(late)}`)
      scene.note(`again: ${await handshake(renewing)}, ${await offer(renewing, await signed(orders))}`)
    },
    expected: `<<>>`,
  },
  {
    name: 'Metadata, field by field',
    async run(scene) {
      const client = await authenticated(scene)
      for (const line of await metadata(client, await scene.topic(3))) scene.note(line)
      const fresh = scene.called(`orders-truth-fresh-${Date.now()}`)
      for (const line of await metadata(client, fresh)) if (line.startsWith('topic')) scene.note(line)
      for (const line of await metadata(client, fresh, true)) if (line.startsWith('topic')) scene.note(line)
      const there = () => metadata(client, fresh).then((lines) => lines.find((line) => /error 0/.test(line)))
      scene.note(`soon: ${await until('the topic to be there', there, { seconds: 5, everyMs: 20 })}`)
      for (const line of await metadata(client, 'orders not a name'))
        if (line.startsWith('topic')) scene.note(line)
    },
    expected: `<<>>`,
  },
  {
    name: 'Produce, field by field',
    async run(scene) {
      const topic = await scene.topic()
      const client = await authenticated(scene)
      const note = async (what: string, to: Partial<Parameters<typeof produce>[1]>) =>
        scene.note(`${what}: ${await produce(client, { topic, records: batch(), ...to })}`)
      for (const version of [3, 5, 7, 8]) await note(`version ${version}`, { version })
      await note('acks -1', { acks: -1 })
      await note('acks 2', { acks: 2 })
      await note('another partition', { partition: 9 })
      await note('a topic that does not exist', { topic: 'orders-truth-of-nobody' })
      await note('a topic that may not be written', { topic: 'denied-topic' })
      await note('a topic that may not be described', { topic: 'payments' })
      await note('an empty batch', { records: Buffer.alloc(0) })
      await note('a wrong checksum', { records: batch({ crc: 1 }) })
      await note('an unknown magic', { records: batch({ magic: 9 }) })
      await note('an old magic', { records: batch({ magic: 1 }) })
      await note('nothing but zeros', { records: Buffer.alloc(61) })
      await note('a transactional batch', { records: batch({ attributes: 16 }) })
      await note('bytes behind the batch', { records: Buffer.concat([batch(), batch()]) })
      await note('two records announced', { records: batch({ count: 2 }) })
      await note('a control batch', { records: batch({ attributes: 32 }) })
      await note('a batch that is too large', { records: batch({ tail: 1_048_576 }) })
      await note('zstd in Produce 6', { version: 6, records: batch({ attributes: 4 }) })
    },
    expected: `<<>>`,
  },
  {
    name: 'Produce with acks 0: silence, or the end of the connection',
    async run(scene) {
      const topic = await scene.topic()
      const note = async (what: string, to: Partial<Parameters<typeof produce>[1]>) =>
        scene.note(
          `${what}: ${await produce(await authenticated(scene), { topic, acks: 0, records: batch(), ...to })}`,
        )
      await note('a good batch', {})
      await note('a wrong checksum', { records: batch({ crc: 1 }) })
      await note('a batch that is too large', { records: batch({ tail: 1_048_576 }) })
      await note('a topic that does not exist', { topic: 'orders-truth-of-nobody' })
      await note('a topic that may not be written', { topic: 'denied-topic' })
    },
    expected: `<<>>`,
  },
]
