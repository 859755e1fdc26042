/** What is compared with what. */
import type { Contender, TaskName, Who } from './tasks.ts'

export interface Figure {
  readonly title: string
  readonly task: TaskName
  readonly sdk: boolean
  readonly against: 'ancestor' | 'peer'
  /**
   * What is compared is what they cost more than kafkajs alone, which has the headers of an instrumented producer in its
   * messages or not. Without it, what they cost.
   */
  readonly over?: 'bare' | 'bare with headers'
  readonly goal?: { readonly us?: number; readonly bytes?: number }
}

const withAndWithout = (figure: Omit<Figure, 'sdk'>, without: Partial<Figure> = {}): Figure[] => [
  { ...figure, sdk: true },
  { ...figure, ...without, sdk: false },
]

export const figures: readonly Figure[] = [
  ...withAndWithout({ title: 'a token hit', task: 'hit', against: 'ancestor', goal: { us: 1, bytes: 0.7 } }),
  ...withAndWithout(
    { title: 'one send', task: 'send', against: 'peer', over: 'bare', goal: { us: 0.75 } },
    { goal: { us: 0.3 } },
  ),
  ...withAndWithout(
    {
      title: 'a batch of 100',
      task: 'batch',
      against: 'peer',
      over: 'bare with headers',
      goal: { us: 0.1, bytes: 0.06 },
    },
    { over: 'bare' },
  ),
  ...withAndWithout({
    title: 'one handled message',
    task: 'handle',
    against: 'peer',
    over: 'bare',
    goal: { us: 0.75 },
  }),
  ...withAndWithout({
    title: 'one message of `KafkaPublisher.publish`',
    task: 'publish',
    against: 'peer',
    over: 'bare',
  }),
  ...withAndWithout({ title: 'one commit', task: 'commit', against: 'peer', over: 'bare' }),
  ...withAndWithout({
    title: 'a send that authenticates again',
    task: 'authenticate',
    against: 'peer',
    over: 'bare',
  }),
]

/** One of ours that is measured. */
export interface Build {
  readonly name: string
  readonly folder: string
}

/** By name. What is bare stands twice: how far one differs from the other is the noise. */
export function contendersOf(figure: Figure, builds: readonly Build[]): Map<string, Contender> {
  const { task, sdk, against, over } = figure
  const contender = (who: Who, folder = ''): Contender => ({
    who,
    task,
    sdk,
    folder,
    headers: who === 'bare' && over === 'bare with headers',
  })
  return new Map([
    ['bare', contender('bare')],
    ['bare again', contender('bare')],
    [against, contender(against)],
    ...builds.map(({ name, folder }) => [name, contender('ours', folder)] as const),
  ])
}
