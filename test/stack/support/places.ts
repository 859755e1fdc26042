/** Where things are: addresses of the stack, and the git-ignored files that its tests write. */
import { mkdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../../../', import.meta.url))
const state = `${root}stack/.state`

export const region = 'eu-west-1'
export const broker = 'localhost:9098'
export const jaegerUrl = 'http://localhost:16686'
export const prometheusUrl = 'http://localhost:9090'
/** OTLP over HTTP. */
export const otlpUrl = 'http://localhost:4318'
export const collectorHealthUrl = 'http://localhost:13133'
export const caFile = `${state}/certs/ca.pem`

/** What the collector received, and what the runs wrote to their consoles: all that the leak test searches. */
export const telemetryFolder = `${state}/telemetry`
export const consoleFile = (run: string) => `${telemetryFolder}/console-${run}.log`
/** The keys and tokens that were really used, so that the leak test knows what to search for. */
export const secretsFile = `${state}/secrets.jsonl`
/** Which runs there were, one line each: name and service. */
export const runsFile = `${state}/runs.jsonl`

export const ssl = () => ({ ca: readFileSync(caFile, 'utf8') })

export function makeTelemetryFolder(): void {
  mkdirSync(telemetryFolder, { recursive: true })
}
