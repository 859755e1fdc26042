/** The parts of the stack from outside, and Kafka's own tools in the broker's container. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { root } from './places.ts'

const run = promisify(execFile)

export const compose = (...args: readonly string[]) =>
  run('docker', ['compose', '-f', `${root}docker-compose.otel.yml`, ...args])

const java = ['java', '-Xmx96m', '-XX:TieredStopAtLevel=1', '-cp', '/opt/kafka/libs/*']

/** By the listener INTERNAL: the one that clients use lets nobody change anything. */
export const kafkaTool = (tool: string, ...args: readonly string[]) =>
  compose('exec', '-T', 'kafka', ...java, tool, ...args)

export const BOOTSTRAP = ['--bootstrap-server', 'kafka:9092'] as const
