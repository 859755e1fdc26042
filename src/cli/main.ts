import { Command } from 'commander'
import { VERSION } from '../base/version.ts'
import { requireNode } from './node-version.ts'
import { requirePackages } from './required-packages.ts'

const NEEDED_BY_DEMO = {
  '@opentelemetry/api': 'the telemetry goes through it',
  kafkajs: 'the client that publishes',
  'aws-msk-iam-sasl-signer-js': 'signs the tokens',
  '@aws-sdk/credential-providers': 'assumes the role',
}

const program = new Command('kafka-iam-otel')
  .description('Amazon MSK IAM authentication for Node that tells.')
  .version(VERSION)
  .showHelpAfterError()

program
  .command('demo')
  .description('see it work, in about 15 s: a Kafka with IAM, an STS and their failures, in one process')
  .option('--json', 'one JSON object a line, for machines')
  .addHelpText(
    'after',
    `
Needs neither Docker nor AWS credentials; every key in it is a fake of its own.
With OTEL_EXPORTER_OTLP_ENDPOINT set (OTLP over HTTP), or a collector on port
4318, it exports there too.
Exit code 0: everything it promises was seen. 1: something was not.`,
  )
  .action(async ({ json = false }: { json?: boolean }) => {
    await requirePackages('demo', NEEDED_BY_DEMO)
    const { demo } = await import('./demo/demo.ts')
    process.exitCode = await demo({ json })
  })

// `kafka-iam-otel demo | head`: nobody reads on, so there is nothing left to do. 141 is what a shell says of SIGPIPE.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 141 : 1))

try {
  requireNode()
  await program.parseAsync()
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}
