import { MskIamConfigurationError } from '../failures/errors.ts'
import { observedConnect } from '../publisher/observed-connect.ts'
import { isWrapped, override } from '../publisher/override.ts'
import { guarded, reportOnce } from '../telemetry/guard.ts'
import { observedCommit } from '../telemetry/observed-commit.ts'
import { runInRoot } from '../telemetry/with-span.ts'
import { type Emitter, Group } from './group.ts'
import {
  type Batch,
  isBatch,
  isMessage,
  observedBatch,
  observedMessage,
  type Received,
} from './process-telemetry.ts'

/** Anything that connects and runs handlers as a kafkajs consumer does. */
export interface ConsumerLike {
  connect: (...args: never[]) => Promise<unknown>
  run: (...args: never[]) => Promise<unknown>
}

export interface ConsumerOptions {
  /**
   * Where the process span of a single message belongs: `continue` (default) makes it a child of the span that sent the
   * message, with a link to it; `link` makes it the root of a trace of its own, with that link alone. A batch is always
   * a root with links.
   */
  readonly trace?: 'continue' | 'link'
  /** The partition on `msk_iam.consumer.messages_behind`: one series for each. Default false: their sum. */
  readonly behindByPartition?: boolean
}

interface Handlers {
  eachMessage?: (payload: Received) => unknown
  eachBatch?: (payload: { batch: Batch }) => unknown
}

/** What is used of a kafkajs consumer. */
interface Consumer extends Emitter {
  connect(): Promise<unknown>
  run(config?: Handlers): Promise<unknown>
  commitOffsets?(positions: Position[]): Promise<void>
}

/** What `commitOffsets` is given. */
interface Position {
  readonly topic: string
}

/** kafkajs answers bad arguments better than we could. */
const topicsOf = (positions: unknown): unknown[] =>
  Array.isArray(positions) ? positions.map((position) => (position as Partial<Position> | null)?.topic) : []

const instrumented = new WeakSet<object>()

/**
 * A consumer like the one given, whose `connect`, handlers and `commitOffsets` are spans and metrics, and whose group
 * tells how far it is behind, when it re-balances and when it crashes. The one given stays as it is, and handlers get
 * the messages and batches that kafkajs made.
 *
 * A consumer whose `run` another instrumentation wraps already gets no second process span, only the rest.
 */
export function instrumentConsumer<C extends ConsumerLike>(consumer: C, options: ConsumerOptions = {}): C {
  if (instrumented.has(consumer)) return consumer
  const { trace, behindByPartition } = checked(options)
  const given = consumer as unknown as Consumer
  const wrapped = isWrapped(given.run)
  if (wrapped) {
    reportOnce(
      'a consumer',
      'another instrumentation already wraps it: its process spans and messaging metrics are kept, ours are left out',
    )
  }
  const group = new Group(behindByPartition)
  guarded('listening to a consumer', () => group.listen(given), undefined)
  const result = override(consumer, {
    connect: () => observedConnect('consumer', () => given.connect()),
    // What a consumer does later would hang under the span that was active when it was started.
    run: (...args: [config?: Handlers]) =>
      runInRoot(() => (wrapped ? given.run(...args) : given.run(...observed(args, group, trace)))),
    ...(typeof given.commitOffsets !== 'function' || wrapped
      ? {}
      : {
          commitOffsets: (positions: Position[]) =>
            observedCommit(
              { topics: topicsOf(positions), attributes: group.attributes, clientId: group.clientId },
              () => given.commitOffsets?.(positions) as Promise<void>,
            ),
        }),
  })
  instrumented.add(result)
  return result
}

/** The same configuration with handlers that are observed; what is none is left to kafkajs's own errors. */
function observed(
  [config, ...more]: [config?: Handlers],
  group: Group,
  trace: 'continue' | 'link',
): [config?: Handlers] {
  const { eachMessage, eachBatch } = config ?? {}
  return [
    {
      ...config,
      ...(typeof eachMessage === 'function' && {
        eachMessage: (payload: Received) =>
          isMessage(payload)
            ? observedMessage(payload, group, trace, () => eachMessage(payload))
            : eachMessage(payload),
      }),
      ...(typeof eachBatch === 'function' && {
        eachBatch: (payload: { batch: Batch }) =>
          isBatch(payload?.batch)
            ? observedBatch(payload.batch, group, () => eachBatch(payload))
            : eachBatch(payload),
      }),
    },
    ...more,
  ]
}

function checked({
  trace = 'continue',
  behindByPartition = false,
}: ConsumerOptions): Required<ConsumerOptions> {
  const wrong = (option: string, takes: string) =>
    new MskIamConfigurationError('invalid_option', {
      detail: `\`${option}\` of a consumer is not what it can be`,
      hint: `It takes ${takes}.`,
    })
  if (trace !== 'continue' && trace !== 'link') throw wrong('trace', "'continue' or 'link'")
  if (typeof behindByPartition !== 'boolean') throw wrong('behindByPartition', 'true or false')
  return { trace, behindByPartition }
}
