import { MskIamConfigurationError } from '../failures/errors.ts'
import { oneOf, optional, read, whatFits } from '../options/check.ts'
import { optionSet } from '../options/option-set.ts'
import { milliseconds, text, wholeNumber } from '../options/values.ts'
import type { Fault } from './faults.ts'
import { ApiKey } from './protocol/api.ts'

const OF = 'faults.add'

/** What can go wrong. */
const EFFECTS = {
  // Whatever a broker could say, line breaks too.
  refuse: optional(whatFits<string>('a text', (value) => typeof value === 'string' && value !== '')),
  throttle: optional(wholeNumber(1)),
  expireAfterMs: optional(milliseconds(1)),
  delayMs: optional(milliseconds(1)),
  errorCode: optional(
    whatFits<number>(
      "an error code of Kafka's protocol, such as 6",
      (value) =>
        Number.isInteger(value) && value !== 0 && (value as number) >= -1 && (value as number) < 2 ** 15,
    ),
  ),
  connection: optional(oneOf(['hang', 'close', 'reset', 'loseAcknowledgement'])),
}

/** Where and when. */
const SCOPE = {
  on: optional(oneOf(Object.keys(ApiKey))),
  principal: optional(text),
  after: optional(wholeNumber(0)),
  times: optional(wholeNumber(1)),
  forMs: optional(milliseconds(1)),
  afterBytes: optional(wholeNumber(1)),
}

/** Only an authentication can be refused, or open a session. */
const OF_AUTHENTICATIONS = ['refuse', 'throttle', 'expireAfterMs']

type Given = Readonly<Record<string, unknown>>

/**
 * A copy with what was given.
 *
 * @throws MskIamConfigurationError that says which option is wrong, what it is, and what it takes
 */
export function checkedFault(fault: Fault, brokers: number): Fault {
  const options = optionSet(
    { ...EFFECTS, ...SCOPE, broker: optional(brokerIndex(brokers)) },
    { example: "faults.add({ refuse: 'Access denied' })" },
  )
  const given = Object.fromEntries(
    Object.entries(read(options, fault, OF)).filter(([, value]) => value !== undefined),
  )
  const effects = Object.keys(EFFECTS)
  const [effect, another] = effects.filter((option) => option in given)
  if (effect === undefined) throw wrong('nothing goes wrong', `Give one of ${effects.join(', ')}.`)
  if (another !== undefined)
    throw wrong(`\`${effect}\` and \`${another}\` are two faults`, 'Add one after the other.')
  checkTogether(effect, given)
  return given as unknown as Fault
}

/** Of a broker of the sandbox. */
export const brokerIndex = (brokers: number) => wholeNumber(0, brokers - 1)

/** What does not go together. */
function checkTogether(effect: string, given: Given): void {
  const { on = 'SaslAuthenticate', connection, afterBytes } = given
  const authentication = on === 'SaslAuthenticate'
  if (OF_AUTHENTICATIONS.includes(effect) && !authentication)
    throw wrong(`\`${effect}\` is for authentications`, 'Leave `on` out, or give `errorCode`.')
  if (effect === 'errorCode' && authentication)
    throw wrong('`errorCode` is not for authentications', 'Give `refuse`, or another request in `on`.')
  if (afterBytes === undefined || (connection !== undefined && connection !== 'loseAcknowledgement')) return
  throw wrong(
    '`afterBytes` was given without a connection that ends within the answer',
    "It goes with `connection: 'close'`, `'reset'` or `'hang'`.",
  )
}

const wrong = (fault: string, hint: string) =>
  new MskIamConfigurationError('invalid_option', { detail: `${OF}: ${fault}`, hint })
