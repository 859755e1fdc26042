import { ApiKey, apiName } from '../../../src/testing/protocol/api.ts'
import { int16, int32 } from '../../testing/protocol/support.ts'
import type { Case } from '../case.ts'
import { keysOf } from '../cluster.ts'
import { living, orders, signed } from '../tokens.ts'
import {
  answer,
  apiVersions,
  askForMetadata,
  authenticated,
  handshake,
  next,
  offer,
  string16,
} from '../wire.ts'

export const handshakes: readonly Case[] = [
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
    expected: `
      handshake: 0 [OAUTHBEARER]
      authenticate 0: 0 ""
      then: answered
      handshake: 0 [OAUTHBEARER]
      authenticate 1: 0 "", the usual session
      then: answered
      handshake 0: 0 [OAUTHBEARER]
      token without a header: 0 bytes
      then: answered
    `,
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
    expected: `
      first: 0 [OAUTHBEARER]
      second: 34 [], closed
      PLAIN: 33 [OAUTHBEARER], closed
      token before the handshake: closed
      no token: 58 "Authentication failed during authentication due to invalid credentials with SASL mechanism OAUTHBEARER", closed
    `,
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
    expected: `
      Produce: closed
      Metadata: closed
      InitProducerId: closed
      FindCoordinator: closed
      ApiVersions twice: closed
      HTTP: closed
    `,
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
    expected: `
      Metadata: 0 nodes, controller -1, 34 orders false 0, closed
      InitProducerId: 0 34 -1 -1, closed
      ApiVersions: error 34, 0 ranges, closed
      Metadata: 0 nodes, controller -1, 34 orders false 0, closed
      InitProducerId: 0 34 -1 -1, closed
      ApiVersions: error 34, 0 ranges, closed
    `,
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
    expected: `
      again: 0 [OAUTHBEARER], 0 "", the usual session
      and again: 34 []
      a token nevertheless: 34 "SaslAuthenticate request received after successful authentication"
      then: answered
    `,
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
    expected: `
      somebody else: 58 "Cannot change principals during re-authentication from TYPE.orders-service: TYPE.audit-service", closed
      no token: 58 "Authentication failed during re-authentication due to invalid credentials with SASL mechanism OAUTHBEARER", closed
      another mechanism: closed
    `,
  },
  {
    name: 'a session that has ended: re-authentication is let in, anything else is not',
    async run(scene) {
      const [late, renewing] = [
        await authenticated(scene, await living(2)),
        await authenticated(scene, await living(2)),
      ]
      await scene.pass(2_100)
      askForMetadata(late)
      scene.note(`a request: ${await next(late)}`)
      scene.note(`again: ${await handshake(renewing)}, ${await offer(renewing, await signed(orders))}`)
    },
    expected: `
      a request: closed
      again: 0 [OAUTHBEARER], 0 "", the usual session
    `,
  },
]
