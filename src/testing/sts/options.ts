import { type Check, misfit, oneOf, optional, read, withDefault } from '../../options/check.ts'
import { optionSet } from '../../options/option-set.ts'
import { aFunction, milliseconds, recordOf, text, wholeNumber } from '../../options/values.ts'
import type { StsFault } from '../local-sts.ts'

/** Up to ten years; AWS's own are 15 minutes to 12 hours. */
const credentialSeconds = wholeNumber(1, 315_360_000)

const localStsOptions = optionSet(
  {
    credentialSeconds: withDefault(credentialSeconds, 3600),
    principals: withDefault(recordOf(text, text, 'principals by role ARN'), {}),
    defaultPrincipal: withDefault(text, 'orders-service'),
    now: withDefault(aFunction<() => number>('a function that returns epoch ms'), () => Date.now()),
  },
  { example: 'startLocalSts({ credentialSeconds: 900 })' },
)

const named = oneOf([
  'deny',
  'throttle',
  'error',
  'expired-token',
  'invalid-identity-token',
  'clock-skew',
  'down',
])
const slow = optionSet({ slow: milliseconds(1) }, { example: '{ slow: 2_000 }' })
const shortLived = optionSet({ shortLived: credentialSeconds }, { example: '{ shortLived: 60 }' })

const stsFault: Check<StsFault> = {
  takes: `${named.takes}, { slow } or { shortLived }`,
  read(value, place) {
    if (typeof value === 'string') return named.read(value, place)
    if (typeof value !== 'object' || value === null) throw misfit(value, place, stsFault.takes)
    return 'slow' in value ? slow.read(value, place) : shortLived.read(value, place)
  },
}

/** @throws MskIamConfigurationError */
export const checkedStsOptions = (options: unknown) => read(localStsOptions, options, 'startLocalSts')

/** @throws MskIamConfigurationError */
export const checkedStsFault = (fault: unknown): StsFault | undefined =>
  optional(stsFault).read(fault, { of: 'setFault', option: 'fault' })

/** @throws MskIamConfigurationError */
export const checkedCredentialSeconds = (seconds: unknown): number =>
  credentialSeconds.read(seconds, { of: 'setCredentialSeconds', option: 'seconds' })
