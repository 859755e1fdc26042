import type { Fault } from './faults.ts'
import { milliseconds, shown, wholeNumber } from './numbers.ts'
import { ApiKey } from './protocol/api.ts'

/** What can go wrong, with what each of them takes. */
const EFFECTS = {
  refuse: text,
  throttle: (option: string, value: unknown) => wholeNumber(option, value, 1),
  expireAfterMs: milliseconds,
  delayMs: milliseconds,
  errorCode,
  connection: oneOf(['hang', 'close', 'reset', 'loseAcknowledgement']),
} as const

const SCOPE = {
  on: oneOf(Object.keys(ApiKey)),
  principal: text,
  after: (option: string, value: unknown) => wholeNumber(option, value, 0),
  times: (option: string, value: unknown) => wholeNumber(option, value, 1),
  forMs: milliseconds,
  afterBytes: (option: string, value: unknown) => wholeNumber(option, value, 1),
} as const

const CHECKS: Readonly<Record<string, (option: string, value: unknown) => void>> = { ...EFFECTS, ...SCOPE }
/** Only an authentication can be refused, or open a session. */
const OF_AUTHENTICATIONS = ['refuse', 'throttle', 'expireAfterMs']

type Options = Readonly<Record<string, unknown>>

/** @throws TypeError or RangeError that says which option is wrong, what it is, and what it takes */
export function checkFault(fault: Fault, brokers: number): void {
  const given: Options = { ...fault }
  for (const [option, value] of Object.entries(given)) {
    if (option === 'broker') checkBroker('faults.add: `broker`', value, brokers)
    else if (!Object.hasOwn(CHECKS, option)) throw unknown(option)
    else CHECKS[option]?.(`faults.add: \`${option}\``, value)
  }
  const [effect, another] = Object.keys(EFFECTS).filter((option) => option in given)
  if (effect === undefined) {
    throw new TypeError(`faults.add: nothing goes wrong; give one of ${listed(Object.keys(EFFECTS))}`)
  }
  if (another !== undefined) {
    throw new TypeError(
      `faults.add: \`${effect}\` and \`${another}\` are two faults; add one after the other`,
    )
  }
  checkTogether(effect, given)
}

/** What does not go together. */
function checkTogether(effect: string, given: Options): void {
  const { on = 'SaslAuthenticate', connection, afterBytes } = given
  const authentication = on === 'SaslAuthenticate'
  if (OF_AUTHENTICATIONS.includes(effect) && !authentication) {
    throw new TypeError(
      `faults.add: \`${effect}\` is for authentications; leave \`on\` out, or give \`errorCode\``,
    )
  }
  if (effect === 'errorCode' && authentication) {
    throw new TypeError(
      'faults.add: `errorCode` is not for authentications; give `refuse`, or another request in `on`',
    )
  }
  if (afterBytes === undefined || (connection !== undefined && connection !== 'loseAcknowledgement')) return
  throw new TypeError(
    "faults.add: `afterBytes` goes with `connection: 'close'`, `'reset'` or `'hang'`; leave it out",
  )
}

/** @throws RangeError where there is no broker of this index */
export function checkBroker(option: string, value: unknown, brokers: number): void {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) < brokers) return
  const there = brokers === 1 ? '0, there is only one' : `a whole number from 0 to ${brokers - 1}`
  throw new RangeError(`${option} is ${shown(value)}; it takes ${there}`)
}

function errorCode(option: string, value: unknown): void {
  if (Number.isInteger(value) && value !== 0 && (value as number) >= -1 && (value as number) < 2 ** 15) return
  throw new RangeError(`${option} is ${shown(value)}; it takes an error code of Kafka's protocol, such as 6`)
}

function text(option: string, value: unknown): void {
  if (typeof value === 'string' && value !== '') return
  throw new TypeError(`${option} is ${shown(value)}; it takes a text`)
}

function oneOf(values: readonly string[]) {
  return (option: string, value: unknown): void => {
    if (values.includes(value as string)) return
    throw new TypeError(`${option} is ${shown(value)}; it takes one of ${listed(values)}`)
  }
}

function unknown(option: string): TypeError {
  const options = listed([...Object.keys(CHECKS), 'broker'])
  return new TypeError(`faults.add: \`${option}\` is no option of a fault; there are ${options}`)
}

const listed = (names: readonly string[]): string => names.join(', ')
