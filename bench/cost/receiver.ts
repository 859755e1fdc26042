/** An OTLP/HTTP receiver that keeps nothing but sizes and counts. */
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { gunzipSync } from 'node:zlib'
import { type Counted, countLogRecords, countSeries, countSpans, nothing } from './otlp.ts'

export type Signal = 'traces' | 'metrics' | 'logs'

export interface Received extends Counted {
  readonly signal: Signal
  /** `performance.now()` of its end. */
  readonly at: number
  /** Bytes of TCP payload: request line, headers and body. */
  readonly wire: number
  /** What `wire` would be without compression. */
  readonly plain: number
}

export interface Receiver extends AsyncDisposable {
  readonly url: string
  readonly received: readonly Received[]
}

const counters: Record<Signal, (body: Buffer) => Counted> = {
  traces: countSpans,
  metrics: countSeries,
  logs: countLogRecords,
}
const isSignal = (name: string): name is Signal => name in counters
const GZIP_HEADER = 'Content-Encoding: gzip\r\n'.length

export async function startReceiver(): Promise<Receiver> {
  const received: Received[] = []
  const counted = new WeakMap<Socket, number>()
  const server = createServer(async (request, response) => {
    const body = await buffer(request)
    const { socket } = request
    const wire = socket.bytesRead - (counted.get(socket) ?? 0)
    counted.set(socket, socket.bytesRead)
    const signal = request.url?.split('/').at(-1) ?? ''
    const compressed = request.headers['content-encoding'] === 'gzip'
    const content = compressed ? gunzipSync(body) : body
    const digits = String(content.length).length - String(body.length).length
    const plain = wire - body.length + content.length + (compressed ? digits - GZIP_HEADER : 0)
    if (isSignal(signal)) {
      received.push({
        ...nothing(),
        ...counters[signal](content),
        signal,
        at: performance.now(),
        wire,
        plain,
      })
    }
    response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
    },
  }
}
