/** A collector of the stack's image and configuration, beside the one of the stack, with ports and outputs of its own. */
import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { parse, stringify } from 'yaml'
import { root } from './places.ts'
import { until } from './until.ts'

const docker = (...args: string[]) => promisify(execFile)('docker', args)

const { services } = parse(readFileSync(`${root}docker-compose.otel.yml`, 'utf8')) as {
  services: Record<'collector' | 'prometheus', { image: string }>
}
const collectorImage = services.collector.image
const configurations = ['--volume', `${root}stack/collector:/config:ro`]

/** Its outputs, in place of Jaeger and the console. */
const ownOutputs = {
  exporters: {
    'file/traces': { path: '/out/traces.jsonl', flush_interval: '100ms' },
    'file/logs': { path: '/out/logs.jsonl', flush_interval: '100ms' },
  },
  connectors: { span_metrics: { metrics_flush_interval: '500ms' } },
  service: {
    pipelines: { traces: { exporters: ['file/traces'] }, logs: { exporters: ['file/logs'] } },
  },
}

export interface KeptSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly attributes?: readonly KeyValue[]
  readonly events?: readonly { attributes: readonly KeyValue[] }[]
  readonly status: { message?: string }
}

export interface KeyValue {
  readonly key: string
  readonly value: { stringValue?: string }
}

export interface LogRecord {
  readonly body: { stringValue?: string }
  readonly attributes?: readonly KeyValue[]
}

export interface Series {
  /** As they are written, `{…}`. */
  readonly labels: string
  readonly value: number
}

export interface SecondCollector {
  /** OTLP over HTTP. */
  readonly url: string
  /** What Prometheus would scrape of a service, and of the collector itself. */
  series(metric: string, service: string): Promise<Series[]>
  ownMetrics(): Promise<string>
  /** What has come out so far. */
  spans(): KeptSpan[]
  logs(): LogRecord[]
  stop(): Promise<void>
}

export async function startCollector(environment: Record<string, string>): Promise<SecondCollector> {
  const folder = mkdtempSync(join(tmpdir(), 'collector-'))
  chmodSync(folder, 0o777) // for the container's user
  writeFileSync(join(folder, 'own-outputs.yaml'), stringify(ownOutputs))
  const { stdout } = await docker(
    ...['run', '--detach', '--rm', ...configurations, '--volume', `${folder}:/out`, '--memory', '256m'],
    ...Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...[4318, 8888, 8889].flatMap((port) => ['--publish', `127.0.0.1::${port}`]),
    ...[collectorImage, '--config', '/config/config.yaml', '--config', '/out/own-outputs.yaml'],
  )
  const container = stdout.trim()
  const stop = async () => {
    await docker('rm', '--force', container)
    rmSync(folder, { recursive: true, force: true })
  }
  const portOf = async (port: number) =>
    `http://${(await docker('port', container, `${port}`)).stdout.trim().split('\n')[0]}`
  const text = async (url: string) => (await fetch(`${url}/metrics`)).text()
  try {
    const [url, own, exported] = await Promise.all([portOf(4318), portOf(8888), portOf(8889)])
    await until('the second collector to answer', () => text(own), { everyMs: 50 })
    return {
      url,
      series: async (metric, service) => seriesOf(await text(exported), metric, service),
      ownMetrics: () => text(own),
      spans: () => linesOf(join(folder, 'traces.jsonl')).flatMap(spansOf),
      logs: () => linesOf(join(folder, 'logs.jsonl')).flatMap(logsOf),
      stop,
    }
  } catch (error) {
    const { stdout, stderr } = await docker('logs', container).catch(() => ({ stdout: '', stderr: '' }))
    await stop()
    throw new Error(`The second collector did not start:\n${stdout}${stderr}`, { cause: error })
  }
}

/** What the collector says of configurations that it takes together; empty where it has nothing against them. */
export const validate = (environment: Record<string, string>, ...files: string[]): Promise<string> =>
  complaintsOf([
    ...['run', '--rm', ...configurations],
    ...Object.entries(environment).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
    ...[collectorImage, 'validate', ...files.flatMap((file) => ['--config', file])],
  ])

export const promtoolCheck = (): Promise<string> =>
  complaintsOf([
    ...['run', '--rm', '--volume', `${root}stack/prometheus:/etc/prometheus:ro`],
    ...[
      '--entrypoint',
      'promtool',
      services.prometheus.image,
      'check',
      'config',
      '/etc/prometheus/prometheus.yml',
    ],
  ])

const complaintsOf = (args: string[]): Promise<string> =>
  docker(...args).then(
    () => '',
    (error: { stdout: string; stderr: string }) => `${error.stdout}${error.stderr}`,
  )

interface Traces {
  resourceSpans: { scopeSpans: { spans: KeptSpan[] }[] }[]
}
interface Logs {
  resourceLogs: { scopeLogs: { logRecords: LogRecord[] }[] }[]
}

const spansOf = (line: unknown) =>
  (line as Traces).resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
const logsOf = (line: unknown) =>
  (line as Logs).resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords))

const seriesOf = (exposition: string, name: string, service: string): Series[] =>
  [...exposition.matchAll(/^(\w+)(\{.*?\}) (\S+)/gm)]
    .filter(([, metric, labels]) => metric === name && labels?.includes(`service_name="${service}"`))
    .map(([, , labels = '', value]) => ({ labels, value: Number(value) }))

/** Only whole lines: the last one may still be written. */
const linesOf = (file: string): unknown[] =>
  existsSync(file)
    ? readFileSync(file, 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line))
    : []
