import { classifyFailure } from '../failures/classify.ts'
import { withoutSecrets, wordsOf } from '../failures/redact.ts'
import type { PublishableMessage } from './publisher-types.ts'

/** Where a message was to go first: a message that is dead-lettered again keeps what was said the first time. */
const ORIGINS = ['dlq-original-topic', 'original-topic']

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
      'dlq-original-topic': originOf(message),
      'dlq-failed-at': now.toISOString(),
    },
  }
}

/** undefined where the message does not say, since its own topic is that of the dead letters. */
function originOf({ headers = {}, topic }: PublishableMessage): string | undefined {
  const named = ORIGINS.flatMap((name) => textsOf(headers[name]))
  return named.find((origin) => origin !== '' && origin !== topic)
}

/** A header of a consumed message is bytes, or a list of them where it stands several times. */
function textsOf(header: unknown): string[] {
  if (Array.isArray(header)) return header.flatMap(textsOf)
  if (typeof header === 'string') return [header]
  return header instanceof Uint8Array ? [Buffer.from(header).toString()] : []
}
