import { MskIamConfigurationError } from '../failures/errors.ts'
import type { KafkaJs, Partitioner, PartitionerArgs } from './kafkajs.ts'
import type { CheckedPublisherOptions } from './publisher-options.ts'

/** @throws MskIamConfigurationError where the user's factory makes no partitioner */
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
  if (typeof partitioner !== 'function') throw noPartitioner('returned no function')
  // Copies: what it changes in them would change the message, or kafkajs's own metadata.
  return ({ topic, message, partitionMetadata }: PartitionerArgs) =>
    (partitioner as Partitioner)({
      topic,
      message: { ...message, headers: { ...message.headers } },
      partitionMetadata: [...partitionMetadata],
    })
}

const noPartitioner = (did: string, original?: unknown) =>
  new MskIamConfigurationError('invalid_option', {
    detail: `\`partitioner\` ${did} when it was called`,
    hint: 'It takes a function that returns a partitioner, as in kafkajs: () => ({ topic, partitionMetadata, message }) => partitionId.',
    original,
  })
