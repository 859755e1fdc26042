import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createNoopMeter, type Meter, metrics } from '@opentelemetry/api'
import * as conventions from '@opentelemetry/semantic-conventions/incubating'
import { afterAll, describe, expect, test } from 'vitest'
import { generatedPages } from '../scripts/docs.ts'
import {
  createMskIamSasl,
  instrumentConsumer,
  instrumentProducer,
  KafkaPublisher,
  type MskIamSaslOptions,
} from '../src/index.ts'
import { Attribute, LogEvent, Metric, SCOPE, Span } from '../src/telemetry/names.ts'
import { fakeConsumer, message } from './instrument/support/fake-consumer.ts'
import { recorded } from './support/rules.ts'
import { documentedMetrics, labels, series } from './support/series.ts'
import { asModule, examples } from './support/tsdoc.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string) => readFileSync(join(root, file), 'utf8')
const pages = [
  'README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]
const withoutCode = (markdown: string) => markdown.replaceAll(/^```.*?^```$/gms, '')

describe('generated parts', () => {
  test.each(generatedPages())('$file is current: run node scripts/docs.ts', ({ actual, expected }) => {
    expect(actual).toBe(expected)
  })
})

describe('names', () => {
  const names = [Span, Metric, LogEvent, Attribute].flatMap((group) => Object.values(group))

  const ofTopics: string[] = [Span.Send, Span.Create, Span.Process, Span.Commit]

  test.each([
    SCOPE,
    ...names.filter((name) => !ofTopics.includes(name)),
    ...ofTopics.map((name) => `${name} {topic}`),
  ])('%s is in docs/telemetry.md', (name) => {
    expect(read('docs/telemetry.md')).toContain(`\`${name}\``)
  })

  test.each(pages)('%s has no name that does not exist', (page) => {
    const ours = read(page).match(/\bmsk_iam(\.[a-z_]+)+\b/g) ?? []
    const standard = withoutCode(read(page)).match(
      /(?<=`)(messaging|kafka|error|cloud|server)(\.[a-z_]+)+(?=`)/g,
    )
    const written = [...ours, ...(standard ?? [])]
    expect(written.filter((name) => !names.includes(name as never))).toEqual([])
  })

  test.each(['docs/alerting.md', 'docs/failures.md'])(
    '%s has the names that the collector makes of ours, and those of the rules',
    (page) => {
      const known = [...series(), ...labels]
      const text = recorded.reduce((rest, name) => rest.replaceAll(name, ''), read(page))
      const written = text.match(/(\bservice:[\w:]+|\b(msk_iam|messaging)_[a-z_]+\b)/g) ?? []
      expect(written.length).toBeGreaterThan(5)
      expect(written.filter((name) => !known.includes(name))).toEqual([])
    },
  )

  test('those of OpenTelemetry are those of its conventions', () => {
    const standard = {
      ErrorType: conventions.ATTR_ERROR_TYPE,
      CloudRegion: conventions.ATTR_CLOUD_REGION,
      ServerAddress: conventions.ATTR_SERVER_ADDRESS,
      ServerPort: conventions.ATTR_SERVER_PORT,
      MessagingSystem: conventions.ATTR_MESSAGING_SYSTEM_NAME,
      MessagingOperationName: conventions.ATTR_MESSAGING_OPERATION_NAME,
      MessagingOperationType: conventions.ATTR_MESSAGING_OPERATION_TYPE,
      MessagingDestination: conventions.ATTR_MESSAGING_DESTINATION_NAME,
      MessagingPartition: conventions.ATTR_MESSAGING_DESTINATION_PARTITION_ID,
      MessagingBatchCount: conventions.ATTR_MESSAGING_BATCH_MESSAGE_COUNT,
      MessagingClientId: conventions.ATTR_MESSAGING_CLIENT_ID,
      MessagingConsumerGroup: conventions.ATTR_MESSAGING_CONSUMER_GROUP_NAME,
      MessagingBodySize: conventions.ATTR_MESSAGING_MESSAGE_BODY_SIZE,
      KafkaOffset: conventions.ATTR_KAFKA_OFFSET,
      KafkaTombstone: conventions.ATTR_KAFKA_MESSAGE_TOMBSTONE,
      OperationDuration: conventions.METRIC_MESSAGING_CLIENT_OPERATION_DURATION,
      SentMessages: conventions.METRIC_MESSAGING_CLIENT_SENT_MESSAGES,
      ConsumedMessages: conventions.METRIC_MESSAGING_CLIENT_CONSUMED_MESSAGES,
      ProcessDuration: conventions.METRIC_MESSAGING_PROCESS_DURATION,
    }
    const used = Object.entries({ ...Attribute, ...Metric }).filter(
      ([, name]) => !name.startsWith('msk_iam.'),
    )
    expect(Object.fromEntries(used)).toEqual(standard)
    const { version } = JSON.parse(read('node_modules/@opentelemetry/semantic-conventions/package.json'))
    expect(version).toBe('1.45.0')
  })
})

describe('metrics', () => {
  const made = new Map<string, { instrument: string; unit: string }>()
  afterAll(() => metrics.disable())

  test('instruments and units are as documented', async () => {
    metrics.setGlobalMeterProvider({ getMeter: () => recordingMeter(made) })
    await authenticateAndSend()
    await consume()
    expect(Object.fromEntries(documentedMetrics())).toEqual(Object.fromEntries(made))
    expect(Object.fromEntries(documentedMetrics('README.md'))).toEqual(Object.fromEntries(made))
  })
})

/** Notes the instruments that it is asked for. */
function recordingMeter(made: Map<string, { instrument: string; unit: string }>): Meter {
  const kinds: Record<string, string> = {
    createHistogram: 'histogram',
    createCounter: 'counter',
    createObservableCounter: 'observable counter',
    createObservableGauge: 'observable gauge',
  }
  return new Proxy(createNoopMeter(), {
    get(target, property: keyof Meter) {
      const make = target[property] as (...args: unknown[]) => unknown
      return (name: string, options: { unit: string }, ...more: unknown[]) => {
        const instrument = kinds[property]
        if (instrument) made.set(name, { instrument, unit: options.unit })
        return make.call(target, name, options, ...more)
      }
    },
  })
}

/** Everything that makes instruments, once. */
async function authenticateAndSend(): Promise<void> {
  const generateAuthToken = async () => ({ token: 'dGVzdA', expiryTime: Date.now() + 900_000 })
  const sasl = createMskIamSasl({ region: 'eu-west-1', signer: { generateAuthToken } })
  const logger = { error: () => undefined }
  const exchange = { host: 'localhost', port: 9098, logger, saslAuthenticate: async () => undefined }
  await sasl.authenticationProvider(exchange).authenticate()
  const sent = async (_record: object): Promise<unknown[]> => []
  const producer = instrumentProducer({ connect: async () => undefined, send: sent })
  await producer.send({ topic: 'orders', messages: [] })
  sasl.close()
}

async function consume(): Promise<void> {
  const { consumer, emit, deliver } = fakeConsumer()
  await instrumentConsumer(consumer).run({ eachMessage: async () => undefined })
  const group = { groupId: 'billing', memberAssignment: { orders: [0] } }
  emit('GROUP_JOIN', group)
  emit('GROUP_JOIN', group)
  emit('START_BATCH_PROCESS', { topic: 'orders', partition: 0, highWatermark: '2', firstOffset: '1' })
  await deliver('orders', message(1))
  emit('CRASH', { error: new Error('no'), groupId: 'billing', restart: false })
}

describe.each([
  ['README.md', { region: 'eu-west-1' }, (options: object) => createMskIamSasl(options as MskIamSaslOptions)],
  [
    'docs/publishing.md',
    { brokers: ['b-1:9098'] },
    (options: object) => new KafkaPublisher(options as never),
  ],
])('the options in %s', (page, needed, take) => {
  const given = (options: object) => {
    try {
      take({ ...needed, ...options })
    } catch (error) {
      return (error as Error).message
    }
    return 'no error'
  }
  const section = read(page).split('## Options')[1]?.split('\n## ')[0] ?? ''
  const rows = [...section.matchAll(/^\| `(\w+)` \|.*\| `([^`]+)` \|$/gm)].map(
    ([, name = '', says = '']) => [name, says] as const,
  )

  test('are all there are, and no other', () => {
    const known = /The options are ([\w, ]+)\./.exec(given({ nonsense: 1 }))?.[1]
    expect(rows.map(([name]) => name).sort()).toEqual(known?.split(', ').sort())
  })

  test.each(rows)('a wrong `%s` is answered with: %s', (name, says) => {
    expect(given({ [name]: -5 })).toMatch(new RegExp(`\`${name}\` is .*It takes `))
    expect(given({ [name]: -5 })).toContain(says)
  })
})

describe('links', () => {
  test.each(pages)('%s: each leads somewhere', (page) => {
    const links = [...withoutCode(read(page)).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
    const relative = links.filter((link) => !/^[a-z]+:/.test(link))
    expect(relative.filter((link) => !leadsSomewhere(page, link))).toEqual([])
  })

  function leadsSomewhere(page: string, link: string): boolean {
    const [path = '', anchor] = link.split('#')
    const file = path === '' ? page : normalize(join(dirname(page), path))
    if (!existsSync(join(root, file))) return false
    return anchor === undefined || anchorsOf(file).includes(anchor)
  }

  /** As GitHub makes them of headings. */
  function anchorsOf(file: string): string[] {
    const headings = withoutCode(read(file)).matchAll(/^#{1,6} (.+)$/gm)
    return [...headings].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-'),
    )
  }
})

describe('code blocks', () => {
  const blocks = (language: string) =>
    pages.flatMap((page) =>
      [...read(page).matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms'))].map(
        ([, code = ''], index) => ({ page, number: index + 1, code }),
      ),
    )
  const folder = join(root, 'node_modules/.cache/kafka-iam-otel-docs')
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  test('those in TypeScript compile', { timeout: 60_000 }, async () => {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    // Those of clients that are not installed here are compiled, and run, by test/clients/examples.test.ts.
    const snippets = blocks('ts').filter(({ code }) => !/'@(confluentinc|platformatic)\//.test(code))
    expect(snippets.length).toBeGreaterThan(3)
    for (const example of examples()) {
      writeFileSync(join(folder, `example_of_${example.name}.ts`), asModule(example))
    }
    for (const { page, number, code } of snippets) {
      // A block may take a producer for granted.
      const given = /\bproducer\b/.test(code) && !/const producer\b/.test(code)
      const before = given ? "declare const producer: import('kafkajs').Producer\n" : ''
      writeFileSync(
        join(folder, `${page.replaceAll(/\W/g, '_')}_${number}.ts`),
        `${before}${code}\nexport {}\n`,
      )
    }
    const config = { extends: join(root, 'tsconfig.json'), include: ['*.ts'] }
    writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(config))
    const compiled = promisify(execFile)(process.execPath, [
      join(root, 'node_modules/typescript/bin/tsc'),
      ...['-p', join(folder, 'tsconfig.json')],
    ])
    const problems = await compiled.then(
      () => '',
      ({ stdout, message }) => stdout || message,
    )
    // Errors of src itself are the business of npm run types.
    const own = String(problems)
      .split('\n')
      .filter((line) => /kafka-iam-otel-docs|^(?!.*\.ts\()\S/.test(line))
      // An example ends where its reader's own code begins: what it has made is not used yet.
      .filter((line) => !/example_of_\w+\.ts.*error TS6\d+: .* (declared but|never used|unused)/.test(line))
    expect(own).toEqual([])
  })

  test.each(examples())('$name, which is public, has an example in its comment', ({ code }) => {
    expect(code).not.toBe('')
  })

  test.each(blocks('json'))('number $number in JSON of $page is JSON', ({ code }) => {
    expect(() => JSON.parse(code)).not.toThrow()
  })
})
