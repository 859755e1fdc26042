/** What to do about an error, by Kafka's own judgement. */
import { createRequire } from 'node:module'
import { describe, expect, test } from 'vitest'
import { KafkaPublishError, type PublishErrorKind, publishErrorKind } from '../../src/index.ts'
import { JAVA_ERRORS } from './support/java-errors.ts'
import { publishing, valuesIn } from './support/sandboxed.ts'

const require = createRequire(import.meta.url)
const kafkajs = require('kafkajs/src/protocol/error') as { createErrorFromCode(code: number): Error }

const OTHERWISE: Partial<Record<PublishErrorKind, string[]>> = {
  poison: [
    'MESSAGE_TOO_LARGE',
    'INVALID_TOPIC_EXCEPTION',
    'RECORD_LIST_TOO_LARGE',
    'INVALID_TIMESTAMP',
    'UNSUPPORTED_FOR_MESSAGE_FORMAT',
    'INVALID_RECORD',
  ],
  fenced: ['INVALID_PRODUCER_EPOCH', 'INVALID_PRODUCER_ID_MAPPING', 'PRODUCER_FENCED'],
  quota: ['THROTTLING_QUOTA_EXCEEDED'],
}

describe('publishErrorKind', () => {
  test('is retriable where the Java client tries again, else fatal, but for what is said of single errors', () => {
    const expected = JAVA_ERRORS.map(([code, name, retriable]) => {
      const [otherwise] = Object.entries(OTHERWISE).find(([, names]) => names.includes(name)) ?? []
      return [code, name, otherwise ?? (retriable ? 'retriable' : 'fatal')]
    })
    const kinds = JAVA_ERRORS.map(([code, name]) => [
      code,
      name,
      publishErrorKind(kafkajs.createErrorFromCode(code)),
    ])
    expect(kinds).toEqual(expected)
  })

  test('is the same by Kafka\u2019s name for an error, and where a client has wrapped it', () => {
    const wrapped = (name: string) =>
      new Error('Gave up', { cause: Object.assign(new Error('no'), { type: name }) })
    const differing = JAVA_ERRORS.filter(
      ([code, name]) =>
        publishErrorKind(wrapped(name)) !== publishErrorKind(kafkajs.createErrorFromCode(code)),
    )
    expect(differing).toEqual([])
  })

  test.each<[unknown, PublishErrorKind]>([
    [new KafkaPublishError('message_invalid'), 'poison'],
    [new KafkaPublishError('publisher_busy'), 'backpressure'],
    [new KafkaPublishError('delivery_timeout'), 'retriable'],
    [new KafkaPublishError('publisher_not_connected'), 'fatal'],
    [Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' }), 'retriable'],
    [Object.assign(new Error('Timeout while acquiring lock'), { name: 'KafkaJSLockTimeout' }), 'retriable'],
    [Object.assign(new Error('Idempotent producer …'), { name: 'KafkaJSNonRetriableError' }), 'retriable'],
    [new Error('something new'), 'retriable'],
    [undefined, 'retriable'],
    ['a text', 'retriable'],
  ])('of %s is %s', (error, kind) => {
    expect(publishErrorKind(error)).toBe(kind)
  })
})

test.each([
  [76, 'UNSUPPORTED_COMPRESSION_TYPE'],
  [44, 'POLICY_VIOLATION'],
  [45, 'OUT_OF_ORDER_SEQUENCE_NUMBER'],
])('a message that is refused with %i is fatal at once: it is not in the topic', async (errorCode, code) => {
  const { sandbox, publisher } = await publishing()
  sandbox.faults.add({ on: 'Produce', errorCode })
  const [result] = await publisher.publish([{ topic: 'orders', value: 'tea' }])
  expect(result).toMatchObject({ errorKind: 'fatal', error: { failure: { code } } })
  expect(valuesIn(sandbox)).toEqual([])
})

test('a message that may have been written is retriable, though the error is one that is not tried again', async () => {
  const { sandbox, publisher } = await publishing()
  const UNKNOWN_SERVER_ERROR = -1
  const fault = sandbox.faults.add({ on: 'Produce', errorCode: UNKNOWN_SERVER_ERROR })
  const [result] = await publisher.publish([{ topic: 'orders', value: 'tea' }])
  expect(result).toMatchObject({ errorKind: 'retriable', error: { failure: { code: 'UNKNOWN' } } })
  expect(fault.struck).toBe(1)
})
