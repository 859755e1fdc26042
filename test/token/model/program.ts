import { Random } from '../../publisher/support/random.ts'
import { settle } from '../../support/fake-runtime.ts'
import { Promises } from './promises.ts'
import { type Behaviour, World } from './world.ts'

const BEHAVIOURS: readonly Behaviour[] = [
  'signs',
  'signs',
  'signs',
  'signs_slowly',
  'signs_slowly',
  'signs_short',
  'same_token',
  'old_credentials',
  'fails_for_now',
  'fails_for_good',
  'hangs',
]
/** Steps of one cache. */
const STEPS = 200

export interface Outcome {
  readonly steps: number
  /** The promise that was broken, the seed of the program, and its last steps. */
  readonly broken?: string
}

/** Random programs of 200 steps each until `steps` are made or a promise is broken. */
export async function runPrograms(seed: number, steps: number): Promise<Outcome> {
  let made = 0
  for (let number = seed; made < steps; number += 1) {
    const broken = await runProgram(number)
    made += STEPS
    if (broken) return { steps: made, broken: `seed ${number}: ${broken}` }
  }
  return { steps: made }
}

async function runProgram(seed: number): Promise<string | undefined> {
  const random = new Random(seed)
  const world = new World(random)
  const promises = new Promises(world)
  const done: string[] = []
  let calls = 0
  for (let number = 0; number < STEPS; number += 1) {
    const step = steps[chosen(random)] as Step
    const said = await step.run(world, promises, random)
    done.push(`${step.name}${said === undefined ? '' : ` ${said}`}`)
    if (step.name === 'call') calls += Number(said)
    await settle()
    promises.check()
    if (promises.broken.length > 0) return `${promises.broken[0]}\n  ${done.slice(-12).join('\n  ')}`
  }
  promises.forget()
  world.cache.close()
  await settle()
  promises.check()
  promises.end(calls)
  return promises.broken[0]
}

interface Step {
  readonly name: string
  readonly weight: number
  /** @returns what it did */
  run(world: World, promises: Promises, random: Random): unknown
}

/** From a millisecond to so much, evenly over its powers of ten. */
const span = (random: Random, most: number) => Math.round(Math.exp(random.next() * Math.log(most)))

const steps: readonly Step[] = [
  {
    name: 'call',
    weight: 10,
    run(_, promises, random) {
      const callers = random.one([1, 1, 1, 2, 3])
      for (let caller = 0; caller < callers; caller += 1) promises.call()
      return callers
    },
  },
  {
    name: 'advance',
    weight: 10,
    async run({ runtime }, _, random) {
      const ms = span(random, 1_200_000)
      await runtime.advance(ms)
      return ms
    },
  },
  {
    name: 'sleep',
    weight: 3,
    run(world, promises, random) {
      const [ms, frozen] = [span(random, 3_600_000), random.chance(0.5)]
      world.sleep(ms, frozen)
      promises.forget()
      return `${ms}${frozen ? ' frozen' : ''}`
    },
  },
  {
    name: 'jump',
    weight: 1,
    run({ runtime }, promises, random) {
      const ms = span(random, 3_600_000) * random.one([-1, 1])
      runtime.jump(ms)
      promises.forget()
      return ms
    },
  },
  {
    name: 'behave',
    weight: 4,
    run(world, _, random) {
      const behaviour = random.one(BEHAVIOURS)
      world.behave(behaviour)
      return behaviour
    },
  },
  {
    name: 'credentials end',
    weight: 0.5,
    run(world, _, random) {
      const ms = span(random, 1_200_000)
      world.endCredentials(ms)
      return ms
    },
  },
  {
    name: 'refuse',
    weight: 2,
    run(_, promises, random) {
      const token = promises.given.length > 0 ? random.one(promises.given) : undefined
      if (token) promises.refuse(token)
      return token?.value
    },
  },
  {
    name: 'close',
    weight: 0.05,
    run(world, promises) {
      promises.forget()
      world.cache.close()
    },
  },
]

const total = steps.reduce((sum, { weight }) => sum + weight, 0)

function chosen(random: Random): number {
  let rest = random.next() * total
  return steps.findIndex(({ weight }) => {
    rest -= weight
    return rest < 0
  })
}
