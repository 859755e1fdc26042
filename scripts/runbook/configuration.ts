import type { Entries } from './entry.ts'

export const configurationEntries: Entries = {
  invalid_option: {
    sees: {
      texts: ['An option is wrong: …', 'Failed to connect: "config.brokers" threw: An option is wrong: …'],
    },
    causes: [
      'An environment variable that is not set on this machine, so that an option is empty or no number.',
      'An option that is written wrongly, or that an older version had.',
      'A number as text: `Number(process.env.TIMEOUT_MS)` makes a number of it.',
      'What a function of yours returned: `brokers()`, `transactionalId()` or `credentials()` in the message.',
      'Two options that exclude each other: `awsProfile`, `awsRoleArn` and `credentials`; `credentials` and `signer`.',
    ],
    look: [
      'The message ends in what the option takes. All of them are in the table of [README.md](../README.md#options).',
      'Did it start with a deployment? Compare the variables of the old and the new one.',
    ],
    steps: ['The process has not connected to anything: going back to the release before is safe.'],
  },
  region_invalid: {
    sees: {
      texts: ['The AWS region is missing or impossible: …', 'Region cannot be empty to generate auth token…'],
      error: '`MskIamConfigurationError`; the second text is that of the official signer, used alone',
    },
    causes: [
      '`region: process.env.AWS_REGION`, and AWS_REGION is not set here.',
      'An availability zone (`eu-west-1a`) in place of a region.',
    ],
    sh: `echo "\${AWS_REGION:-not set}"
# the broker's name has the region of the cluster
echo "$BROKER" | sed -E 's/.*\\.kafka(-serverless)?\\.([a-z0-9-]+)\\.amazonaws\\.com.*/\\2/'`,
  },
  package_missing: {
    sees: { texts: ['… is needed …'], error: '`MskIamConfigurationError`, when the first token is made' },
    causes: [
      'The signer and the credential providers are optional peers: npm does not install them by itself.',
      'A bundler or a slim image has left them out: they are loaded by `import()` when the first token is made.',
    ],
    sh: `npm ls aws-msk-iam-sasl-signer-js @aws-sdk/credential-providers kafkajs
node -p "require.resolve('aws-msk-iam-sasl-signer-js')"`,
    steps: [
      'The hint of the error is the command itself: `Run: npm install …`.',
      'A bundler: mark both packages as external.',
    ],
  },
}
