import { messagesIn } from '../test/stack/support/read-back.ts'
import type { Fault, Outcome } from './fault.ts'
import { type Least, startHealthyPeriod } from './healthy.ts'
import { play } from './play.ts'
import type { Stage, Subject } from './stage.ts'

export interface Day {
  readonly outcomes: readonly Outcome[]
  /** What else there is to say under the table. */
  readonly remarks: readonly string[]
  readonly problems: readonly string[]
}

/** All faults side by side, next to healthy services; then those that strike everybody, one after the other. */
export async function fullDay(faults: readonly Fault[], healthyFor: Least, stage: Stage): Promise<Day> {
  const before = await messagesIn('orders')
  const healthy = await startHealthyPeriod(healthyFor, stage)
  const subjects = [...healthy.subjects]
  const own = await sideBySide(
    faults.filter(({ everybody }) => !everybody),
    stage,
    subjects,
  )
  stage.signal.throwIfAborted()
  const { sentence, problems } = await healthy.end()
  const everybody: Outcome[] = []
  for (const subject of healthy.subjects) await subject.stop()
  for (const fault of faults.filter((each) => each.everybody)) {
    // Each with a service that has just begun: what one published for hours would outweigh what it loses now.
    everybody.push(...(await sideBySide([fault], stage, subjects)))
  }

  const outcomes = [...own, ...everybody]
  const written = (await messagesIn('orders')) - before
  const acknowledged = subjects.reduce((sum, { process }) => sum + process.orders.published, 0)
  const remarks = [
    sentence,
    `All services together were told of ${acknowledged} orders that they are published; the topic has ${written} more.`,
  ]
  if (written < acknowledged)
    problems.push(`${acknowledged - written} acknowledged orders are not in the topic`)
  return { outcomes, remarks, problems: [...problems, ...outcomes.flatMap(problemsOf)] }
}

export const problemsOf = ({ fault, problems }: Outcome): string[] =>
  problems.map((problem) => `${fault.name}: ${problem}`)

/** Each is injected as soon as its service works, whatever the others do. */
export async function sideBySide(
  faults: readonly Fault[],
  stage: Stage,
  subjects: Subject[] = [],
): Promise<Outcome[]> {
  const playing: Promise<Outcome>[] = []
  for (const fault of faults) {
    if (stage.signal.aborted) break
    try {
      // One after the other: two processors start no 16 processes at once.
      const subject = await stage.start(fault.name, fault.service)
      subjects.push(subject)
      playing.push(play(fault, subject, stage).finally(() => subject.stop()))
    } catch (error) {
      playing.push(Promise.resolve(notStarted(fault, error)))
    }
  }
  // All of them, so that each has cleared its fault before anything else happens.
  const outcomes = await Promise.allSettled(playing)
  return outcomes.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
}

const notStarted = (fault: Fault, error: unknown): Outcome => ({
  fault,
  others: [],
  problems: [error instanceof Error ? error.message : String(error)],
})
