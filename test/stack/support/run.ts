import { randomUUID } from 'node:crypto'
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs'
import { format } from 'node:util'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { consoleFile, makeTelemetryFolder, root, runsFile } from './places.ts'
import { recordSecrets } from './record-secrets.ts'

/** One run of a service against the stack: a test file, or the example. */
export interface RunRecord {
  readonly run: string
  readonly service: string
}

export interface Run {
  /** Unlike that of any run before, so that nothing old can satisfy a test. */
  readonly id: string
  /** Its `service.name`. */
  readonly service: string
  /** Epoch µs, as Jaeger counts. */
  readonly startedAt: number
  /** Flushes all telemetry. */
  stop(): Promise<void>
}

/** A name of its own, put on record for the leak test. */
export function newRun(name: string): { id: string; service: string; startedAt: number } {
  makeTelemetryFolder()
  const id = randomUUID().slice(0, 8)
  const service = `stack-${name}-${id}`
  const entry: RunRecord = { run: name, service }
  appendFileSync(runsFile, `${JSON.stringify(entry)}\n`)
  writeFileSync(consoleFile(name), '')
  return { id, service, startedAt: Date.now() * 1000 }
}

/**
 * Makes this test process a service as a user has one: a NodeSDK set up by the environment alone. Its console goes to
 * a file, and its keys and tokens go on record.
 */
export function startRun(name: string): Run {
  const run = newRun(name)
  const restoreConsole = captureConsole(consoleFile(name))
  recordSecrets(name)
  Object.assign(process.env, {
    OTEL_SERVICE_NAME: run.service,
    OTEL_METRIC_EXPORT_INTERVAL: '1000',
    OTEL_BSP_SCHEDULE_DELAY: '500',
    OTEL_BLRP_SCHEDULE_DELAY: '500',
  })
  const sdk = new NodeSDK()
  sdk.start()
  return {
    ...run,
    async stop() {
      await sdk.shutdown()
      restoreConsole()
    },
  }
}

/** An identity of stack/identities.json, as credentials. */
export function credentialsOf(principal: string): { accessKeyId: string; secretAccessKey: string } {
  const identities = JSON.parse(readFileSync(`${root}stack/identities.json`, 'utf8')) as {
    principal: string
    accessKeys: { accessKeyId: string; secretAccessKey: string }[]
  }[]
  const key = identities.find((identity) => identity.principal === principal)?.accessKeys[0]
  if (!key) throw new Error(`stack/identities.json has no principal "${principal}"`)
  return key
}

function captureConsole(file: string): () => void {
  const write = (text: string) => appendFileSync(file, text)
  const methods = ['log', 'info', 'warn', 'error', 'debug', 'trace'] as const
  const originals = methods.map((method) => [method, console[method]] as const)
  for (const method of methods) console[method] = (...args: unknown[]) => write(`${format(...args)}\n`)
  // Not in the place of the runner's own output, but beside it.
  const streams = [process.stdout, process.stderr].map((stream) => {
    const original = stream.write
    stream.write = ((chunk: string | Uint8Array, ...rest: []) => {
      write(typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString())
      return original.call(stream, chunk, ...rest)
    }) as typeof stream.write
    return () => {
      stream.write = original
    }
  })
  return () => {
    for (const [method, original] of originals) console[method] = original
    for (const restore of streams) restore()
  }
}
