import { Kafka, logLevel } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import type { Contest, Sample } from '../../bench/speed/contest.ts'
import { contendersOf, type Figure } from '../../bench/speed/figures.ts'
import { BROKER, MemoryBroker, TOPIC } from '../../bench/speed/memory-broker.ts'
import { ratiosOf } from '../../bench/speed/page.ts'
import { verdictOf } from '../../bench/speed/verdict.ts'

const send: Figure = {
  title: 'one send',
  task: 'send',
  sdk: true,
  against: 'peer',
  over: 'bare',
  goal: { us: 0.75 },
}
const builds = [{ name: 'ours', folder: '.' }]

/** µs by contender; as many bytes. */
const sample = (us: Record<string, number>): Sample =>
  new Map(Object.entries(us).map(([name, amount]) => [name, { us: amount, bytes: amount }]))
const contest = (...samples: Record<string, number>[]): Contest => ({
  samples: samples.map(sample),
  spans: new Map(),
})

describe('The bench', () => {
  test('compares what ours and the peer use beyond bare kafkajs, sample by sample', () => {
    const slow = { bare: 200, 'bare again': 200, peer: 400, ours: 300 }
    const fast = { bare: 50, 'bare again': 50, peer: 100, ours: 75 }
    const { ratios } = verdictOf(send, contest(slow, fast, slow), builds)
    expect(ratios.get('ours')?.us).toEqual({ median: 0.5, low: 0.5, high: 0.5 })
  })

  test('compares a second build with the first one, whole and over bare', () => {
    const both = [...builds, { name: 'theirs', folder: '..' }]
    const measured = { bare: 100, 'bare again': 100, peer: 300, ours: 200, theirs: 250 }
    const { toFirst } = verdictOf(send, contest(measured), both)
    expect(toFirst.get('theirs')?.us.whole.median).toBe(1.25)
    expect(toFirst.get('theirs')?.us.over.median).toBe(1.5)
  })

  test('says that a run is invalid where bare differs from itself by 3 % or more', () => {
    const noisy = { bare: 100, 'bare again': 103, peer: 300, ours: 200 }
    const calm = { bare: 100, 'bare again': 102, peer: 300, ours: 200 }
    expect(ratiosOf([verdictOf(send, contest(noisy), builds)])).toContain('3.0 %: **invalid**')
    expect(ratiosOf([verdictOf(send, contest(calm), builds)])).not.toContain('invalid')
  })

  test('leaves out the bytes of a sample in which garbage was collected', () => {
    const kept = sample({ bare: 100, 'bare again': 100, peer: 300, ours: 200 })
    const collected = new Map([...kept].map(([name, { us }]) => [name, { us, bytes: undefined }]))
    const { ratios } = verdictOf(send, { samples: [collected, kept], spans: new Map() }, builds)
    expect(ratios.get('ours')?.bytes.median).toBe(0.5)
  })

  test('gives bare kafkajs the headers of an instrumented producer where a batch is compared over it', () => {
    const batch: Figure = { ...send, task: 'batch', over: 'bare with headers' }
    const withHeaders = [...contendersOf(batch, builds)].filter(([, { headers }]) => headers)
    expect(withHeaders.map(([name]) => name)).toEqual(['bare', 'bare again'])
  })

  test('has a broker in memory that kafkajs can send to', async () => {
    const { socketFactory } = new MemoryBroker()
    const kafka = new Kafka({ brokers: [BROKER], socketFactory, logLevel: logLevel.NOTHING })
    const producer = kafka.producer()
    await producer.connect()
    const [answer] = await producer.send({ topic: TOPIC, messages: [{ value: 'tea' }] })
    expect(answer).toMatchObject({ topicName: TOPIC, partition: 0, errorCode: 0, baseOffset: '0' })
    await producer.disconnect()
  })
})
