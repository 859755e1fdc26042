import { classifyFailure } from '../failures/classify.ts'
import { withoutSecrets, wordsOf } from '../failures/redact.ts'
import type { PublishableMessage } from './publisher-types.ts'

/** The message for a dead-letter topic, with the cause in its headers. The message given stays as it is. */
export function deadLetter(message: PublishableMessage, error: Error, now: Date): PublishableMessage {
  const { code } = classifyFailure(error)
  return {
    ...message,
    // Where it was to go, its partitions are others.
    partition: undefined,
    headers: {
      ...message.headers,
      'dlq-reason': withoutSecrets(wordsOf(error)),
      'dlq-error-class': withoutSecrets(String(error.name), 100),
      'dlq-error-code': code,
      'dlq-original-topic': message.headers?.['original-topic'] ?? message.topic,
      'dlq-failed-at': now.toISOString(),
    },
  }
}
