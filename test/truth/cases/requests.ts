import { ApiKey, advertised, apiName } from '../../../src/testing/protocol/api.ts'
import { until } from '../../stack/support/until.ts'
import type { Case } from '../case.ts'
import { apiVersions, authenticated, metadata, next } from '../wire.ts'

export const requests: readonly Case[] = [
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
    expected: `
      version 0: error 0, Produce Metadata SaslHandshake ApiVersions InitProducerId SaslAuthenticate Fetch FindCoordinator
      version 1: error 0, Produce Metadata SaslHandshake ApiVersions InitProducerId SaslAuthenticate Fetch FindCoordinator
      version 2: error 0, Produce Metadata SaslHandshake ApiVersions InitProducerId SaslAuthenticate Fetch FindCoordinator
      version 3: error 0, Produce Metadata SaslHandshake ApiVersions InitProducerId SaslAuthenticate Fetch FindCoordinator
      version 4: error 0, Produce Metadata SaslHandshake ApiVersions InitProducerId SaslAuthenticate Fetch FindCoordinator
      no name for software: error 42
      version 99: error 35, ApiVersions from 0
    `,
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
    expected: `
      Produce 99: closed
      Metadata 99: closed
      InitProducerId 99: closed
    `,
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
    expected: `
      throttle 0
      node BROKER, rack null
      cluster id of 22 characters
      controller a node
      topic TOPIC: error 0, id true, internal false, operations -2147483648
      partition 0: error 0, leader a node, epoch 0, replicas a node, in sync a node, offline 
      partition 1: error 0, leader a node, epoch 0, replicas a node, in sync a node, offline 
      partition 2: error 0, leader a node, epoch 0, replicas a node, in sync a node, offline 
      topic TOPIC-2: error 3, id false, internal false, operations -2147483648
      topic TOPIC-2: error 3, id false, internal false, operations -2147483648
      soon: topic TOPIC-2: error 0, id true, internal false, operations -2147483648
      topic orders not a name: error 17, id false, internal false, operations -2147483648
    `,
  },
]
