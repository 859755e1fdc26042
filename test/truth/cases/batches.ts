import type { Case } from '../case.ts'
import { authenticated } from '../wire.ts'
import { batch, initProducerId, produce, type Sequence } from '../wire-produce.ts'

export const batches: readonly Case[] = [
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
    expected: `
      version 3: partition 0: error 0, base 0, appended -1, throttle 0
      version 5: partition 0: error 0, base 1, appended -1, log start 0, throttle 0
      version 7: partition 0: error 0, base 2, appended -1, log start 0, throttle 0
      version 8: partition 0: error 0, base 3, appended -1, log start 0, record errors [], message null, throttle 0
      acks -1: partition 0: error 0, base 4, appended -1, log start 0, record errors [], message null, throttle 0
      acks 2: partition 0: error 21, base -1, appended -1, log start -1, record errors [], message null, throttle 0
      another partition: partition 9: error 3, base -1, appended -1, log start -1, record errors [], message null, throttle 0
      a topic that does not exist: partition 0: error 3, base -1, appended -1, log start -1, record errors [], message null, throttle 0
      a topic that may not be written: partition 0: error 29, base -1, appended -1, log start -1, record errors [], message null, throttle 0
      a topic that may not be described: partition 0: error 29, base -1, appended -1, log start -1, record errors [], message null, throttle 0
      an empty batch: partition 0: error 87, base -1, appended -1, log start -1, record errors [], message null, throttle 0
      a wrong checksum: partition 0: error 2, base -1, appended -1, log start -1, record errors [], message null, throttle 0
      an unknown magic: partition 0: error 2, base -1, appended -1, log start -1, record errors [], message Invalid magic found in record: 9, throttle 0
      an old magic: partition 0: error 87, base -1, appended -1, log start -1, record errors [], message null, throttle 0
      nothing but zeros: partition 0: error 2, base -1, appended -1, log start -1, record errors [], message Record size 0 is less than the minimum record overhead (14), throttle 0
      a transactional batch: partition 0: error 53, base -1, appended -1, log start -1, record errors [], message null, throttle 0
      bytes behind the batch: partition 0: error 87, base -1, appended -1, log start -1, record errors [], message null, throttle 0
      two records announced: partition 0: error 87, base -1, appended -1, log start 0, record errors [], message null, throttle 0
      a control batch: partition 0: error 87, base -1, appended -1, log start 0, record errors [], message null, throttle 0
      a batch that is too large: partition 0: error 10, base -1, appended -1, log start -1, record errors [], message null, throttle 0
      zstd in Produce 6: partition 0: error 76, base -1, appended -1, log start -1, throttle 0
    `,
  },
  {
    name: 'an idempotent producer, batch by batch',
    async run(scene) {
      const topic = await scene.topic()
      const client = await authenticated(scene)
      const [error, producerId, epoch] = await initProducerId(client)
      const [, another] = await initProducerId(client)
      scene.note(`ids: error ${error}, epoch ${epoch}, another one ${another !== producerId}`)
      const note = async (what: string, by: Partial<Sequence>) => {
        const records = batch({}, { producerId, epoch, sequence: 0, ...by })
        scene.note(`${what}: ${await produce(client, { topic, records, acks: -1 })}`)
      }
      await note('its first', {})
      await note('the same again', {})
      await note('a gap', { sequence: 5 })
      await note('its second', { sequence: 1 })
      await note('a new epoch that begins elsewhere', { epoch: 1, sequence: 2 })
      await note('a new epoch', { epoch: 1 })
      await note('the old epoch', { sequence: 2 })
      await note('one that nobody knows, in the middle', { producerId: producerId + 1_000_000, sequence: 7 })
    },
    expected: `
      ids: error 0, epoch 0, another one true
      its first: partition 0: error 0, base 0, appended -1, log start 0, record errors [], message null, throttle 0
      the same again: partition 0: error 0, base 0, appended 1700000000000, log start 0, record errors [], message null, throttle 0
      a gap: partition 0: error 45, base -1, appended -1, log start 0, record errors [], message null, throttle 0
      its second: partition 0: error 0, base 1, appended -1, log start 0, record errors [], message null, throttle 0
      a new epoch that begins elsewhere: partition 0: error 45, base -1, appended -1, log start 0, record errors [], message null, throttle 0
      a new epoch: partition 0: error 0, base 2, appended -1, log start 0, record errors [], message null, throttle 0
      the old epoch: partition 0: error 47, base -1, appended -1, log start 0, record errors [], message null, throttle 0
      one that nobody knows, in the middle: partition 0: error 0, base 3, appended -1, log start 0, record errors [], message null, throttle 0
    `,
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
    expected: `
      a good batch: answered
      a wrong checksum: closed
      a batch that is too large: closed
      a topic that does not exist: closed
      a topic that may not be written: closed
    `,
  },
]
