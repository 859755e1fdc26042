import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, inject, test } from 'vitest'
import { VERSION } from '../../src/base/version.ts'
import { compile, folder, project, root, run } from './project.ts'

const packed = inject('packed')
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))

test('the version that telemetry carries is that of the package', () => {
  expect(VERSION).toBe(manifest.version)
})

test('the tarball holds the built code, the docs, what reads the telemetry, and nothing of the tests', () => {
  const paths = packed.paths
  expect(paths).toContain('dist/index.js')
  expect(paths).toContain('dist/index.d.ts')
  expect(paths).toContain('docs/failures.md')
  expect(paths).toContain('stack/prometheus/rules/msk-iam-token.yml')
  expect(paths).toContain('stack/grafana/dashboards/kafka-iam-otel.json')
  expect(paths).toContain('stack/collector/config.yaml')
  expect(
    paths.filter(
      (path) =>
        !/^(dist|docs|stack\/(collector|grafana\/dashboards|prometheus\/rules))\/|^(README\.md|LICENSE|package\.json)$/.test(
          path,
        ),
    ),
  ).toEqual([])
})

test('the only package that is needed is the OpenTelemetry API', () => {
  expect(manifest.dependencies).toBeUndefined()
  const optional = Object.keys(manifest.peerDependenciesMeta)
  const required = Object.keys(manifest.peerDependencies).filter((name) => !optional.includes(name))
  expect(required).toEqual(['@opentelemetry/api'])
})

test('a project with nothing but @opentelemetry/api compiles against it, its libraries checked too', () => {
  const at = project('api-only', ['@opentelemetry/api'], {
    'app.ts': `
      import { createMskIamConnection, createMskIamSasl, classifyFailure, instrumentKafka, instrumentProducer, instrumentPublisher, KafkaPublisher, MskIamTokenError, type PublishResult } from 'kafka-iam-otel'
      const sasl = createMskIamSasl({ region: 'eu-west-1', refreshAheadMs: 60_000, name: 'orders' })
      export const token: Promise<{ value: string; principal: string; lifetime: number }> = sasl.oauthBearerProvider()
      export const age: number | undefined = sasl.inspect().token?.ageSeconds
      export const connection = createMskIamConnection({ region: 'eu-west-1', ssl: { ca: 'pem' } })
      export const code: string = classifyFailure(new MskIamTokenError('signer_timeout')).code
      export { instrumentKafka, instrumentProducer, instrumentPublisher }
      const publisher = new KafkaPublisher({ brokers: ['b:9098'], ...connection, acks: -1 })
      export const results: Promise<PublishResult[]> = publisher.publish([{ topic: 'orders', value: 'tea' }])
      // @ts-expect-error a topic is required
      publisher.publish([{ value: 'tea' }])
      // @ts-expect-error one identity, not two
      createMskIamSasl({ region: 'eu-west-1', awsProfile: 'a', awsRoleArn: 'arn:aws:iam::123456789012:role/a' })
      // @ts-expect-error the region is required
      createMskIamSasl({})
      // @ts-expect-error there is no such option
      createMskIamSasl({ region: 'eu-west-1', refreshAhead: 5 })
    `,
  })
  expect(compile(at)).toBe('')
})

test("kafkajs's own types take the sasl block and the connection without a cast, and lose nothing to instrumentation", () => {
  const at = project('with-kafkajs', ['@opentelemetry/api', 'kafkajs', '@types/node', 'undici-types'], {
    'app.ts': `
      import { Kafka, type KafkaConfig, type Producer } from 'kafkajs'
      import { createMskIamConnection, createMskIamSasl, instrumentKafka, instrumentProducer, instrumentPublisher, KafkaPublisher } from 'kafka-iam-otel'
      const sasl = createMskIamSasl({ region: 'eu-west-1' })
      export const config: KafkaConfig = { brokers: [], ssl: true, sasl }
      const connection = createMskIamConnection({ region: 'eu-west-1' })
      const custom = createMskIamConnection({ region: 'eu-west-1', ssl: { ca: 'pem', servername: 'b-1' } })
      export const spread: KafkaConfig = { brokers: [], ...custom }
      const kafka: Kafka = instrumentKafka(new Kafka({ clientId: 'orders', brokers: [], ...connection }))
      export const producer: Producer = instrumentProducer(kafka.producer({ idempotent: true }))
      export const plain: Producer = kafka.producer()
      // The shape that an outbox relay written for @eventferry/kafka expects.
      interface PublishableMessage { topic: string; key: string | null; value: Buffer; headers: Record<string, string>; recordId: string; messageId: string }
      interface RelayPublisher {
        connect(): Promise<void>
        disconnect(): Promise<void>
        publish(messages: PublishableMessage[]): Promise<{ recordId: string; ok: boolean; error?: Error; errorKind?: 'retriable' | 'fatal' | 'poison' | 'backpressure' | 'quota' | 'fenced' }[]>
        publishToDlq?(message: PublishableMessage, error: Error): Promise<void>
      }
      export const relay: RelayPublisher = new KafkaPublisher({ brokers: [], ...connection, ssl: true, sasl, transactionalId: 'a' })
      export const told: RelayPublisher = instrumentPublisher(relay)
    `,
  })
  expect(compile(at)).toBe('')
})

test('without the optional packages it loads, and says which one is missing and how to install it', () => {
  const at = project('bare', ['@opentelemetry/api'], {
    'app.js': `
      import { createMskIamSasl } from 'kafka-iam-otel'
      const sasl = createMskIamSasl({ region: 'eu-west-1' })
      try { await sasl.oauthBearerProvider() } catch (error) { console.log(error.name, error.code, error.retriable, error.message) }
    `,
  })
  expect(run(at, process.execPath, 'app.js')).toBe(
    'MskIamConfigurationError package_missing false An optional package that this needs is not installed: ' +
      'aws-msk-iam-sasl-signer-js is needed to sign tokens. Run: npm install aws-msk-iam-sasl-signer-js [package_missing]\n',
  )
})

test('with the API of 1.9, which has no logs, it works all the same', () => {
  const at = project('old-api', ['@opentelemetry/api'], {
    'app.js': `
      import * as api from '@opentelemetry/api'
      import { createMskIamSasl } from 'kafka-iam-otel'
      const failing = { generateAuthToken: async () => { throw new Error('no') } }
      const sasl = createMskIamSasl({ region: 'eu-west-1', signer: failing })
      try { await sasl.oauthBearerProvider() } catch (error) { console.log('logs' in api, error.code) }
      sasl.close()
    `,
  })
  const api = join(at, 'node_modules/@opentelemetry/api')
  rmSync(api, { recursive: true })
  execFileSync('npm', ['pack', '@opentelemetry/api@1.9.1', '--pack-destination', folder], { stdio: 'pipe' })
  mkdirSync(api)
  execFileSync('tar', ['xzf', join(folder, 'opentelemetry-api-1.9.1.tgz'), '--strip-components=1', '-C', api])
  expect(run(at, process.execPath, 'app.js')).toBe('false _OTHER\n')
})
