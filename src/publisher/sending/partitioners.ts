import { MskIamConfigurationError } from '../../failures/errors.ts'
import type { KafkaJs, KafkaJsMessage, Partitioner, PartitionerArgs } from '../../kafkajs/kafkajs-api.ts'
import { unawaited } from '../../telemetry/guard.ts'
import type { CheckedPublisherOptions } from '../publisher-options.ts'

/** @throws MskIamConfigurationError where the user's factory returns no partitioner */
export function partitionerOf(
  { Partitioners }: KafkaJs,
  choice: CheckedPublisherOptions['partitioner'],
): Partitioner {
  if (typeof choice === 'function') return ofTheUser(choice as () => unknown)
  if (choice === 'legacy') return Partitioners.LegacyPartitioner()
  return choice === 'java-compatible'
    ? Partitioners.JavaCompatiblePartitioner()
    : Partitioners.DefaultPartitioner()
}

function ofTheUser(factory: () => unknown): Partitioner {
  let partitioner: unknown
  try {
    partitioner = factory()
  } catch (original) {
    throw noPartitioner('threw an error', original)
  }
  if (typeof partitioner !== 'function') {
    unawaited(partitioner)
    throw noPartitioner('returned no function')
  }
  const choose = partitioner as Partitioner
  // Copies, since its changes would change the message, or the partitions that the next message may go to.
  return ({ topic, message, partitionMetadata }: PartitionerArgs) =>
    choose({ topic, message: copyOf(message), partitionMetadata: [...partitionMetadata] })
}

/** Bytes are not copied: they are the caller's own and may be large, and no partitioner writes into them. */
const copyOf = ({ headers = {}, ...message }: KafkaJsMessage): KafkaJsMessage => ({
  ...message,
  headers: Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? [...value] : value]),
  ),
})

const noPartitioner = (did: string, original?: unknown) =>
  new MskIamConfigurationError('invalid_option', {
    detail: `\`partitioner\` ${did} when it was called`,
    hint: 'It takes a function that returns a partitioner, as in kafkajs: () => ({ topic, partitionMetadata, message }) => partitionId.',
    original,
  })
