import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { catalogue } from '../../src/failures/catalogue.ts'
import { annotate, classifyFailure } from '../../src/failures/classify.ts'
import { isKafkaErrorName, kafkaErrorName } from '../../src/failures/kafka-errors.ts'
import { handlerFailure } from '../../src/messaging/handler-failure.ts'

const { errorCodes, createErrorFromCode } = createRequire(import.meta.url)(
  'kafkajs/src/protocol/error.js',
) as {
  errorCodes: readonly { readonly type: string; readonly code: number }[]
  createErrorFromCode(code: number): Error
}

const names = (count: number, prefix: string) =>
  Array.from({ length: count }, (_, index) => `${prefix}${index}`)

test('whatever brokers, signers and handlers throw, `error.type` has at most 300 values', () => {
  const types = new Set(catalogue.map(({ code }) => code))
  for (let code = -1; code < 2_000; code += 1) types.add(classifyFailure(createErrorFromCode(code)).code)
  for (const type of names(3_000, 'SOME_ERROR_')) {
    const error = Object.assign(new Error('boom'), { type, code: type, name: type })
    types.add(classifyFailure(error).code)
    types.add(classifyFailure(error, 'token').code)
    types.add(classifyFailure({ failure: { code: type, hint: 'Do something.' } }).code)
  }
  for (const name of names(3_000, 'OrderRejected')) {
    types.add(handlerFailure(Object.assign(new Error('boom'), { name })).code)
  }
  expect(types.size).toBeLessThanOrEqual(300)
})

test('every error code of kafkajs, and those of Kafka 4.4 that it does not know, have their names', () => {
  for (const { type, code } of errorCodes) {
    expect(isKafkaErrorName(type)).toBe(true)
    if (isKafkaErrorName(kafkaErrorName(code) ?? '')) continue
    expect(code).toBe(-1)
  }
  const named = [89, 90, 120, 136, 137].map((code) => classifyFailure(createErrorFromCode(code)).code)
  expect(named).toEqual([
    'THROTTLING_QUOTA_EXCEEDED',
    'PRODUCER_FENCED',
    'TRANSACTION_ABORTABLE',
    'CONTROLLER_ID_NOT_REGISTERED',
    '_OTHER',
  ])
})

test("a signer's error names no error of Kafka", () => {
  const error = Object.assign(new Error('no'), { type: 'AKIAIOSFODNN7EXAMPLE' })
  expect(classifyFailure(error, 'token').code).toBe('_OTHER')
  const likeKafka = Object.assign(new Error('no'), { type: 'NOT_CONTROLLER' })
  expect(classifyFailure(likeKafka, 'token').code).toBe('_OTHER')
  expect(classifyFailure(likeKafka).code).toBe('NOT_CONTROLLER')
})

test('what somebody put beside an error as `failure` is shown like every text of others', () => {
  const failure = { code: '_OTHER', hint: 'Use\u001b[31m AKIAIOSFODNN7EXAMPLE\n', requestId: 'x\ny' }
  const { hint, requestId } = classifyFailure(Object.assign(new Error('no'), { failure }))
  expect([hint, requestId]).toEqual(['Use [redacted id] ', undefined])
})

test("the words of somebody else's error stay as they are", () => {
  const words = 'first\nsecond \u001b[31m AKIAIOSFODNN7EXAMPLE'
  const error = new Error(words)
  annotate(error, classifyFailure(error))
  expect(error.message).toBe(words)
})
