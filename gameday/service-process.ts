/** A program, an example mostly, run as a user runs it on EKS: who it is comes from an STS, all of it set by the environment. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { broker, caFile, region, root } from '../test/stack/support/places.ts'

export const logFolder = `${root}stack/.state/gameday`

export interface ServiceSettings {
  /** Of the log file, and of the principal's role. */
  readonly name: string
  /** `service.name` */
  readonly service: string
  readonly program: string
  readonly stsUrl: string
  readonly exportSeconds: number
  readonly env?: Readonly<Record<string, string>>
}

export interface Orders {
  published: number
  /** Told to be not published: those are lost, since the example does not keep them. */
  lost: number
  /** By a worker. */
  shipped: number
}

export interface ServiceProcess {
  readonly service: string
  readonly orders: Orders
  /** Ended, whether by itself or not. */
  readonly ended: boolean
  /** Waits for its end. */
  stop(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/** It may take so long to disconnect and to send its last telemetry. */
const LAST_WORDS_MS = 15_000

/** @param orders counted on, where a service is started again */
export function startService(settings: ServiceSettings, orders: Orders = none()): ServiceProcess {
  const child = spawn(process.execPath, [settings.program], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: Ctrl-C goes to the game day alone, which then ends its services in order.
    detached: true,
    env: { ...environment(), ...roleOf(settings), ...telemetryOf(settings), ...settings.env },
  })
  count(child, orders, settings.name)
  let ended = false
  const end = new Promise<void>((resolve) => {
    for (const event of ['error', 'close'] as const) {
      child.once(event, () => {
        ended = true
        resolve()
      })
    }
  })
  return {
    service: settings.service,
    orders,
    get ended() {
      return ended
    },
    async stop(signal = 'SIGTERM') {
      if (ended) return
      child.kill(signal)
      const patience = setTimeout(() => child.kill('SIGKILL'), LAST_WORDS_MS)
      await end
      clearTimeout(patience)
    },
  }
}

const none = (): Orders => ({ published: 0, lost: 0, shipped: 0 })

/** What of ours the child needs; nothing that would give it another identity or another place for its telemetry. */
function environment(): NodeJS.ProcessEnv {
  const entries = Object.entries(process.env).filter(
    ([name]) => !/^(AWS_|OTEL_|KAFKA|NODE_OPTIONS)/.test(name),
  )
  return { ...Object.fromEntries(entries), NODE_ENV: 'production', KAFKAJS_NO_PARTITIONER_WARNING: '1' }
}

function roleOf({ name, stsUrl }: ServiceSettings) {
  mkdirSync(logFolder, { recursive: true })
  // The local STS takes any.
  const tokenFile = `${logFolder}/web-identity-token`
  writeFileSync(tokenFile, 'the web identity of a game day, not a secret')
  return {
    KAFKA_BROKERS: broker,
    NODE_EXTRA_CA_CERTS: caFile,
    AWS_REGION: region,
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_ROLE_ARN: `arn:aws:iam::123456789012:role/${name}`,
    AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
    AWS_ENDPOINT_URL_STS: stsUrl,
  }
}

const telemetryOf = ({ service, exportSeconds }: ServiceSettings) => ({
  OTEL_SERVICE_NAME: service,
  OTEL_METRIC_EXPORT_INTERVAL: String(exportSeconds * 1000),
  OTEL_METRIC_EXPORT_TIMEOUT: String(Math.min(30, exportSeconds) * 1000),
})

function count(child: ChildProcess, orders: Orders, name: string): void {
  const log = createWriteStream(`${logFolder}/${name}.log`, { flags: 'a' })
  for (const stream of [child.stdout, child.stderr]) {
    if (!stream) continue
    createInterface({ input: stream }).on('line', (line) => {
      if (/^order \d+ published$/.test(line)) orders.published += 1
      else if (/^order at .* shipped$/.test(line)) orders.shipped += 1
      else {
        if (/^order \d+ not published/.test(line)) orders.lost += 1
        // A line for each order that went well would fill the disk with nothing.
        log.write(`${line}\n`)
      }
    })
  }
  child.once('close', (code, signal) => log.end(`ended: ${code ?? signal}\n`))
}
