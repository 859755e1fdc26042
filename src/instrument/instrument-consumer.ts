import { withProperties } from '../base/with-properties.ts'
import { observedCommit } from '../messaging/commit.ts'
import { observedConnect } from '../messaging/connect.ts'
import { topicsOf } from '../messaging/lists.ts'
import {
  type Batch,
  isBatch,
  isMessage,
  observedBatch,
  observedMessage,
  type Received,
} from '../messaging/process.ts'
import { read } from '../options/check.ts'
import { runInRoot } from '../telemetry/contexts.ts'
import { guarded } from '../telemetry/guard.ts'
import { type Emitter, Group } from './consumer-group.ts'
import { type ConsumerOptions, consumerOptions } from './consumer-options.ts'
import { checkInstrumented } from './instrumented-client.ts'
import { isRecordedByOther, reportOther } from './other-instrumentation.ts'
import { passOnTimeouts } from './timed-out-requests.ts'
import { isOverridden, override, type Replacements } from './wrapper.ts'

/** Anything that connects and runs handlers as a kafkajs consumer does. */
export interface ConsumerLike {
  connect: (...args: never[]) => Promise<unknown>
  run: (...args: never[]) => Promise<unknown>
}

export type { ConsumerOptions } from './consumer-options.ts'

interface Handlers {
  eachMessage?: (payload: Received) => unknown
  eachBatch?: (payload: { batch: Batch }) => unknown
}

/** What is used of a kafkajs consumer. */
interface Consumer extends Emitter {
  connect(): Promise<unknown>
  run(config?: Handlers | undefined): Promise<unknown>
  commitOffsets?(positions: Position[]): Promise<void>
}

/** What `commitOffsets` is given. */
interface Position {
  readonly topic: string
}

/**
 * A consumer like the one given, whose `connect`, handlers and `commitOffsets` are spans and metrics, and whose group
 * tells how far it is behind, when it re-balances and when it crashes. The one given stays as it is, and handlers get
 * the messages and batches that kafkajs made.
 *
 * Beside @opentelemetry/instrumentation-kafkajs these spans and counts take the place of its own.
 *
 * @throws MskIamConfigurationError for an option that there is not, or whose value cannot be; for what is no object
 *
 * @example
 * ```ts
 * const consumer = instrumentConsumer(kafka.consumer({ groupId: 'billing' }), { trace: 'link' })
 * await consumer.connect()
 * await consumer.subscribe({ topic: 'orders' })
 * await consumer.run({ eachMessage: async ({ message }) => console.log(message.offset) })
 * ```
 */
export function instrumentConsumer<C extends ConsumerLike>(consumer: C, options: ConsumerOptions = {}): C {
  const { trace, behindByPartition } = read(consumerOptions, options, 'instrumentConsumer')
  checkInstrumented('consumer', consumer, 'instrumentConsumer')
  if (isOverridden(consumer, 'connect')) return consumer
  const given = consumer as unknown as Consumer
  passOnTimeouts(given)
  reportOther(given, ['run'])
  const group = groupOf(given, behindByPartition)
  const result = override(given, {
    connect: (connect, ...args) => observedConnect('consumer', given, () => connect(...args)),
    // What a consumer does later would hang under the span that was active when it was started.
    run: (run, ...args) => runInRoot(() => run(...observed(args, group, trace))),
    commitOffsets: observedCommits(group),
  })
  return result as unknown as C
}

const groups = new WeakMap<Consumer, Group>()

/** One for each consumer, however often it is instrumented: what happens to its group is counted once. */
function groupOf(given: Consumer, behindByPartition: boolean): Group {
  const known = groups.get(given)
  if (known) return known
  const group = new Group(behindByPartition, isRecordedByOther(given, 'run'))
  groups.set(given, group)
  guarded('listening to a consumer', () => group.listen(given), undefined)
  return group
}

const observedCommits =
  (group: Group): NonNullable<Replacements<Consumer>['commitOffsets']> =>
  (commit, ...args) => {
    const topics = topicsOf(args[0])
    const { attributes, clientId } = group
    return observedCommit({ topics, attributes, clientId }, () => commit(...args))
  }

type RunArguments = [config?: Handlers | undefined]

/** What `run` is given, with handlers that are observed. What is no configuration is left to kafkajs's own errors. */
function observed(args: RunArguments, group: Group, trace: 'continue' | 'link'): RunArguments {
  const [config, ...more] = args
  const read = guarded('reading handlers', () => observedHandlers(config, group, trace), undefined)
  return config && read ? [withProperties(config, read), ...more] : args
}

/** Those that it has, each read once. kafkajs calls them on an object of its own. */
function observedHandlers(config: Handlers | undefined, group: Group, trace: 'continue' | 'link') {
  if (typeof config !== 'object' || config === null) return undefined
  const { eachBatch, eachMessage } = config
  return {
    ...(typeof eachBatch === 'function' && {
      eachBatch(this: unknown, ...args: [{ batch: Batch }]) {
        const handle = () => Reflect.apply(eachBatch, this, args)
        return isBatch(args[0]?.batch) ? observedBatch(args[0].batch, group, handle) : handle()
      },
    }),
    ...(typeof eachMessage === 'function' && {
      eachMessage(this: unknown, ...args: [Received]) {
        const handle = () => Reflect.apply(eachMessage, this, args)
        return isMessage(args[0]) ? observedMessage(args[0], group, trace, handle) : handle()
      },
    }),
  }
}
