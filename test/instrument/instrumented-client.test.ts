import { describe, expect, test } from 'vitest'
import {
  instrumentConsumer,
  instrumentKafka,
  instrumentProducer,
  instrumentPublisher,
} from '../../src/index.ts'

const instrument: [name: string, given: string, call: (given: never) => unknown][] = [
  ['instrumentKafka', '`kafka`', instrumentKafka],
  ['instrumentProducer', '`producer`', instrumentProducer],
  ['instrumentConsumer', '`consumer`', instrumentConsumer],
  ['instrumentPublisher', '`publisher`', instrumentPublisher],
]

describe.each(instrument)('%s says what it was given in place of a client:', (name, given, call) => {
  test.each([
    [undefined, 'undefined'],
    [null, 'null'],
    ['localhost:9098', 'a string'],
    [9098, '9098'],
  ])('%j', (client, kind) => {
    expect(() => call(client as never)).toThrow(
      expect.objectContaining({
        code: 'invalid_option',
        message: expect.stringContaining(`${name}: ${given} is ${kind}. It takes `),
      }),
    )
  })
})
