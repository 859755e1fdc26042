import { type LogEntry, logLevel } from 'kafkajs'
import { CallersFunctions, caller } from './callbacks.ts'
import { restoreChance, seedChance } from './chance.ts'
import { type Arrangement, type Client, type Clients, clientsFor } from './clients.ts'
import { type Described, Describer } from './describe.ts'
import { OpenHandles } from './left-open.ts'
import type { Place } from './place.ts'
import type { Program } from './program.ts'
import type { RunRecord, StepRecord } from './record.ts'
import { runSteps, type Scene } from './steps.ts'
import { built } from './values.ts'

/** kafkajs waits 10 ms before it looks at its queue again, and 100 ms between its looks at timeouts. */
const QUIET_MS = 150

/** Runs a program, and gives all that could be seen of it. */
export async function run(program: Program, arrangement: Arrangement, at: Place): Promise<RunRecord> {
  await using place = at
  const ports = new Map(place.brokers.map((broker, index) => [Number(broker.split(':')[1]), index]))
  const describer = new Describer(ports, place.names)
  const functions = new CallersFunctions(describer)
  const logs: Described[] = []
  const uncaught = new Uncaught(describer)
  seedChance(program.seed)
  const handles = new OpenHandles()
  const clients = clientsFor(place, program.kafka, arrangement, () => (entry) => {
    logs.push(logRecord(entry, describer))
  })
  try {
    const events: Record<string, Described[]> = {}
    const scene: Scene = {
      place,
      clients: [],
      shapes: program.clients.map(({ shape }) => shape),
      transactions: [],
      functions,
      describer,
    }
    const made = make(program, clients, scene, events)
    const steps = await runSteps(scene, program.steps)
    const closed = await runSteps(scene, closing(program), 'end ')
    const open = await handles.quiet(QUIET_MS)
    // What kafkajs still does in the background may need a token until here.
    clients.close()
    return {
      steps: [...made, ...steps, ...closed],
      callbacks: functions.calls,
      events,
      logs,
      stored: await stored(place, describer),
      authentications: place.authentications.map((one) => describer.value(one)),
      unsupported: [...place.unsupported],
      uncaught: uncaught.seen,
      open,
    }
  } finally {
    handles.stop()
    restoreChance()
    uncaught.stop()
  }
}

function make(
  { clients: settings }: Program,
  clients: Clients,
  scene: Scene,
  events: Record<string, Described[]>,
): StepRecord[] {
  return settings.map((one, index) => {
    const step = `create ${one.kind}`
    try {
      const client = clients.make(one, built(one.options, scene.functions))
      scene.clients[index] = client
      listen(client, `client ${index}`, events, scene.describer)
      return { step, outcome: { returned: Object.keys(client).sort() } }
    } catch (error) {
      return { step, outcome: { threw: scene.describer.error(error) } }
    }
  })
}

/** All events, for each broker in their order. */
function listen(
  client: Client,
  name: string,
  events: Record<string, Described[]>,
  describer: Describer,
): void {
  for (const event of Object.values(client.events ?? {})) {
    client['on']?.(event, ((seen: { type: string; payload?: { broker?: string } }) => {
      const { type, payload } = seen
      const key = describer.text(payload?.broker ? `${name} ${payload.broker}` : name)
      events[key] ??= []
      events[key].push({ type, caller: caller.getStore() ?? 'nobody', payload: describer.value(payload) })
    }) as never)
  }
}

const closing = ({ clients }: Program) =>
  clients.map((_, client) => ({ do: 'call', client, method: 'disconnect', args: [] }) as const)

/** Of what kafkajs logs for debugging, the sentence only: the rest is buffers and clocks. */
function logRecord({ namespace, level, label, log }: LogEntry, describer: Describer): Described {
  const { message, logger, timestamp, ...extra } = log
  const said = { namespace, label, message: describer.text(message), caller: caller.getStore() ?? 'nobody' }
  return level === logLevel.DEBUG ? said : { ...said, extra: describer.value(extra) }
}

async function stored(place: Place, describer: Describer): Promise<Record<string, Described[]>> {
  const result: Record<string, Described[]> = {}
  for (const [topic, messages] of Object.entries(await place.stored())) {
    for (const { partition, offset, key, value, headers, timestamp } of messages) {
      const name = `${describer.text(topic)} ${partition}`
      result[name] ??= []
      result[name].push({
        ...(describer.value({ offset, key, value, time: timestamp }) as object),
        headers: headers.map(([header, text]) => `${header}: ${describer.value(text)}`),
      })
    }
  }
  return result
}

class Uncaught {
  readonly seen: Described[] = []
  readonly #onRejection: (error: unknown) => void
  readonly #onException: (error: unknown) => void

  constructor(describer: Describer) {
    this.#onRejection = (error) => this.seen.push({ rejection: describer.error(error) })
    this.#onException = (error) => this.seen.push({ exception: describer.error(error) })
    process.on('unhandledRejection', this.#onRejection).on('uncaughtException', this.#onException)
  }

  stop(): void {
    process.off('unhandledRejection', this.#onRejection).off('uncaughtException', this.#onException)
  }
}
