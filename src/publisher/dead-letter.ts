import { withoutSecrets, wordsOf } from '../base/foreign-text.ts'
import { classifyFailure } from '../failures/classify.ts'
import { asError, invalid, namedHeaders, refusal } from './prepared-message.ts'
import type { PublishableMessage } from './publisher-types.ts'

/** Headers with the topic that a message was first meant for. A message that is dead-lettered again keeps it. */
const ORIGINS = ['dlq-original-topic', 'original-topic']

/**
 * The message for a dead-letter topic, with the cause in its headers. The message given is not changed.
 *
 * @throws KafkaPublishError `message_invalid` where it is none, or cannot be read
 */
export function deadLetter(given: unknown, thrown: unknown, now: Date): PublishableMessage {
  const error = asError(thrown)
  const { headers, ...message } = copyOf(given)
  return {
    ...message,
    headers: {
      ...headers,
      'dlq-reason': withoutSecrets(wordsOf(error)),
      'dlq-error-class': withoutSecrets(classOf(error), 100),
      'dlq-error-code': classifyFailure(error).code,
      'dlq-original-topic': originOf(message.topic, headers),
      'dlq-failed-at': now.toISOString(),
    },
  }
}

/** Reads each field once: it may be a getter, also one of a class. Leaves out the partition, which is one of another topic. */
function copyOf(given: unknown) {
  if (typeof given !== 'object' || given === null) throw invalid('message', 'an object')
  try {
    const { topic, key, value, headers = {}, timestamp, recordId, messageId } = given as PublishableMessage
    return { topic, key, value, timestamp, recordId, messageId, headers: { ...namedHeaders(headers) } }
  } catch (problem) {
    throw refusal(problem)
  }
}

function classOf(error: Error): string {
  try {
    return String(error.name)
  } catch {
    return 'Error'
  }
}

/** undefined where no header names it: the message's own topic is that of the dead letters. */
function originOf(topic: string, headers: NonNullable<PublishableMessage['headers']>): string | undefined {
  const named = ORIGINS.flatMap((name) => textsOf(headers[name]))
  return named.find((origin) => origin !== '' && origin !== topic)
}

/** A header of a consumed message is bytes, or a list of them where the message has it several times. */
function textsOf(header: unknown): string[] {
  if (Array.isArray(header)) return header.flatMap(textsOf)
  if (typeof header === 'string') return [header]
  return header instanceof Uint8Array ? [Buffer.from(header).toString()] : []
}
