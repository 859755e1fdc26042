import { MskIamConfigurationError } from '../failures/errors.ts'
import { guarded, unawaited } from '../telemetry/guard.ts'

/** What kafkajs 2 hands to a log function. */
interface LogEntry {
  readonly namespace: string
  readonly level: number
  readonly label: string
  readonly log: { readonly message: string }
}
type LogCreator = (level: number) => (entry: LogEntry) => void

/**
 * A `logCreator` for kafkajs: the user's, or kafkajs's own lines on the console. What the user's throws would end up in
 * the middle of kafkajs.
 *
 * @param isSilent nothing is logged from then on
 */
export const clientLog =
  (given: unknown, isSilent: () => boolean): LogCreator =>
  (level) => {
    const write = given === undefined ? onConsole : made(given, level)
    return (entry) => {
      if (isSilent()) return
      guarded('the log function of kafkajs', () => unawaited(write(entry)), undefined)
    }
  }

function made(given: unknown, level: number): (entry: LogEntry) => unknown {
  let write: unknown
  try {
    write = (given as LogCreator)(level)
  } catch (original) {
    throw noLog('threw an error', original)
  }
  if (typeof write !== 'function') {
    unawaited(write)
    throw noLog('returned no function')
  }
  return write as (entry: LogEntry) => unknown
}

const noLog = (did: string, original?: unknown) =>
  new MskIamConfigurationError('invalid_option', {
    detail: `KafkaPublisher: \`kafka.logCreator\` ${did} when it was called`,
    hint: 'It takes a function that returns a log function, as in kafkajs: (level) => ({ namespace, level, label, log }) => void.',
    original,
  })

const ERROR = 1
const WARN = 2
const INFO = 4

/** As kafkajs writes them where it is given no `logCreator`; it does not export that one. */
function onConsole({ namespace, level, label, log }: LogEntry): void {
  const prefix = namespace ? `[${namespace}] ` : ''
  const line = JSON.stringify({ level: label, ...log, message: `${prefix}${log.message}` })
  if (level === ERROR) console.error(line)
  else if (level === WARN) console.warn(line)
  else if (level === INFO) console.info(line)
  else console.log(line)
}
