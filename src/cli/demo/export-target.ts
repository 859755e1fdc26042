import { connect } from 'node:net'

/** Where traces and metrics are sent. */
export interface Target {
  readonly url: string
  /** The user asked for it; else it was found. */
  readonly asked: boolean
}

/** What the environment says, or a collector on this machine's OTLP port, or nowhere. */
export async function exportTarget(env: NodeJS.ProcessEnv = process.env): Promise<Target | undefined> {
  if (env['OTEL_SDK_DISABLED'] === 'true' || env['OTEL_TRACES_EXPORTER'] === 'none') return undefined
  const asked = ['TRACES_', 'METRICS_', '']
    .map((signal) => env[`OTEL_EXPORTER_OTLP_${signal}ENDPOINT`])
    .find(Boolean)
  if (asked) return { url: withoutCredentials(asked), asked: true }
  return (await listens(4318)) ? { url: 'http://localhost:4318', asked: false } : undefined
}

function withoutCredentials(endpoint: string): string {
  const url = URL.parse(endpoint)
  if (!url?.username && !url?.password) return endpoint
  url.username = ''
  url.password = ''
  return url.href
}

/** Jaeger on this machine, if it is there and the traces stayed on it. */
export async function jaegerUrl({ url }: Target): Promise<string | undefined> {
  const here = ['localhost', '127.0.0.1', '[::1]'].includes(URL.parse(url)?.hostname ?? '')
  return here && (await listens(16686)) ? 'http://localhost:16686' : undefined
}

function listens(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: 'localhost', timeout: 500 })
    const done = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('connect', () => done(true))
    socket.once('error', () => done(false))
    socket.once('timeout', () => done(false))
  })
}
