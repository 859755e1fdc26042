/** One process, measured from outside: brokers, STS and the receiver of its telemetry are in this process. */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { startLocalSts, startSandbox } from '../../src/testing/index.ts'
import { BROKERS, type Profile, TOPIC } from './profiles.ts'
import { type Received, type Receiver, type Signal, startReceiver } from './receiver.ts'

/** Bytes of TCP payload, and what they would be without compression. */
export interface Traffic {
  readonly requests: number
  readonly wire: number
  readonly plain: number
}

export interface Measured {
  /** How long it was watched, after its start. */
  readonly seconds: number
  readonly spans: Readonly<Record<string, { readonly count: number; readonly bytes: number }>>
  /** By metric, of the last export. */
  readonly series: Readonly<Record<string, number>>
  readonly logRecords: number
  readonly traces: Traffic
  readonly metrics: Traffic
  readonly logs: Traffic
}

export interface Watch {
  readonly seconds: number
  /** A session ends after so long; default: with its token. */
  readonly sessionSeconds?: number
}

/** The first token lives so long: its refresh by the timer, and every connection's next authentication, come at once. */
const FIRST_LIFE_S = 25
/** By then they have come, and were exported. */
const WARM_UP_MS = 27_000

export async function measure(profile: Profile, { seconds, sessionSeconds }: Watch): Promise<Measured> {
  const topics = { [TOPIC]: 2 * BROKERS }
  const session = sessionSeconds === undefined ? {} : { sessionSeconds }
  await using sandbox = await startSandbox({ brokers: BROKERS, topics, ...session })
  await using sts = await startLocalSts({ defaultPrincipal: 'sandbox' })
  await using receiver = await startReceiver()
  sts.setFault({ shortLived: FIRST_LIFE_S })
  const folder = mkdtempSync(join(tmpdir(), 'telemetry-cost-'))
  const child = fork(fileURLToPath(new URL('service.ts', import.meta.url)), {
    // kafkajs makes Node 24 warn of negative timeouts.
    execArgv: ['--no-warnings'],
    env: { ...environment(profile, sandbox.brokers, sts.url, receiver.url, folder) },
  })
  try {
    await Promise.race([
      once(child, 'message'),
      once(child, 'exit').then(() => Promise.reject(new Error(`the service ended: ${profile.title}`))),
    ])
    if (!profile.refreshing) sts.setFault(undefined)
    await sleep(WARM_UP_MS)
    const from = performance.now()
    if (profile.denied) {
      sandbox.faults.add({ refuse: 'Access denied' })
      sandbox.expireSessions()
    }
    await sleep(seconds * 1000)
    const to = performance.now()
    const gone = once(child, 'exit')
    child.send('stop')
    await gone
    return summary(receiver, from, to)
  } finally {
    child.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** As on EKS: a role by web identity. Nothing of this process's own settings is handed on. */
function environment(profile: Profile, brokers: string[], sts: string, receiver: string, folder: string) {
  const tokenFile = join(folder, 'token')
  writeFileSync(tokenFile, 'not-a-real-web-identity-token')
  return {
    PATH: process.env['PATH'],
    HOME: folder,
    KAFKAJS_NO_PARTITIONER_WARNING: '1',
    NODE_ENV: 'production',
    AWS_REGION: 'eu-west-1',
    AWS_ROLE_ARN: 'arn:aws:iam::111122223333:role/orders',
    AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile,
    AWS_ENDPOINT_URL_STS: sts,
    OTEL_SERVICE_NAME: 'orders-service',
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver,
    OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
    COST_BROKERS: brokers.join(','),
    COST_PROFILE: JSON.stringify(profile),
    ...profile.env,
  }
}

function summary({ received }: Receiver, from: number, to: number): Measured {
  const watched = received.filter(({ at }) => at > from && at <= to)
  const traffic = (signal: Signal): Traffic => {
    const requests = watched.filter((one) => one.signal === signal)
    const sum = (pick: (one: Received) => number) => requests.reduce((total, one) => total + pick(one), 0)
    return { requests: requests.length, wire: sum(({ wire }) => wire), plain: sum(({ plain }) => plain) }
  }
  const spans: Record<string, { count: number; bytes: number }> = {}
  for (const [name, { count, bytes }] of watched.flatMap((one) => Object.entries(one.spans))) {
    const before = spans[name] ?? { count: 0, bytes: 0 }
    spans[name] = { count: before.count + count, bytes: before.bytes + bytes }
  }
  return {
    seconds: (to - from) / 1000,
    spans,
    series: received.findLast(({ signal }) => signal === 'metrics')?.series ?? {},
    logRecords: watched.reduce((total, { logRecords }) => total + logRecords, 0),
    traces: traffic('traces'),
    metrics: traffic('metrics'),
    logs: traffic('logs'),
  }
}
