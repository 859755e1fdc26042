/** The examples in the doc comments of what is public. */
import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as entry from '../../src/index.ts'
import * as testing from '../../src/testing/index.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (file: string) => readFileSync(`${root}${file}`, 'utf8')

export interface Example {
  readonly name: string
  /** The code; empty where there is none. */
  readonly code: string
}

/** Of every function and class of both entries, also where only the type of a class is exported. */
export function examples(): Example[] {
  const comments = new Map<string, string>()
  for (const file of globSync('src/**/*.ts', { cwd: root })) {
    const documented = /\/\*\*((?:(?!\*\/).)*)\*\/\nexport (?:async )?(?:function|class) (\w+)/gs
    for (const [, comment = '', name = ''] of read(file).matchAll(documented)) comments.set(name, comment)
  }
  const reports = globSync('api/*.api.md', { cwd: root }).map(
    (file) => read(file).split('## Not exported')[0],
  )
  const names = [...reports.join('\n').matchAll(/^(?:function|class) (\w+)/gm)].map(([, name = '']) => name)
  return names.map((name) => ({ name, code: exampleIn(comments.get(name) ?? '') }))
}

function exampleIn(comment: string): string {
  const text = comment.replaceAll(/^ \* ?/gm, '')
  return /^@example\n```ts\n(.*?)^```$/ms.exec(text)?.[1] ?? ''
}

/** As a module of its own. An example takes for granted what its reader has: imports, a client, a connection. */
export function asModule({ code }: Example): string {
  const imported = (names: object) => Object.keys(names).join(', ')
  return `
    import { Kafka, type Consumer, type Producer } from 'kafkajs'
    import { ${imported(entry)} } from 'kafka-iam-otel'
    import type { AuthenticationProviderArgs, MskIamConnection, MskIamSasl, PublishableMessage } from 'kafka-iam-otel'
    import { ${imported(testing)}, type Sandbox } from 'kafka-iam-otel/testing'
    declare const args: AuthenticationProviderArgs
    declare const brokers: string[]
    declare const connection: Omit<MskIamConnection, 'sasl'>
    declare const consumer: Consumer
    declare const error: unknown
    declare const kafka: Kafka
    declare const producer: Producer
    declare const publisher: KafkaPublisher
    declare const sandbox: Sandbox
    declare const sasl: MskIamSasl
    export async function example() {
      ${code}
    }`
}
