import { type Check, misfit, type Place } from '../options/check.ts'
import { warn } from '../telemetry/guard.ts'

const NAME = '[a-z]{2,5}(?:-[a-z]+){1,3}-\\d{1,2}'
const REGION = new RegExp(`^(?!fips-)${NAME}$`)
/** What the AWS SDK reads beside the names of regions: an endpoint that is FIPS 140 validated, and the global one. */
const STS_REGION = new RegExp(`^(?:${NAME}|fips-${NAME}|${NAME}-fips|aws-global|fips-aws-global|aws-fips)$`)
/** Not much else looks like this: it can be shown without giving a secret away. */
const LOOKS_LIKE_ONE = /^\s*[a-z]{2,5}(?:[-_ ][a-z]{2,10}){1,3}[-_ ]?\d{0,2}[a-z]?\s*$/i
/** The first parts of the region names of AWS's partitions; a new one is only warned of. */
const KNOWN_AREAS = /^(us|eu|ap|sa|ca|me|af|il|mx|cn|eusc|us-gov|us-iso[a-z]?|eu-isoe)-/

export const region: Check<string> = named(
  REGION,
  'the region of the MSK cluster, for example eu-west-1',
  ' It is signed into every token.',
)

/** For the client of STS. aws-cn-global and aws-us-gov-global are no hosts: the AWS SDK reads only aws-global. */
export const stsRegion: Check<string> = named(
  STS_REGION,
  'the region of an STS endpoint, for example eu-west-1, us-east-1-fips or aws-global',
)

function named(shape: RegExp, takes: string, more = ''): Check<string> {
  return {
    takes,
    read(value, place) {
      if (typeof value === 'string' && shape.test(value)) return known(value, place)
      const looksLike = typeof value === 'string' && LOOKS_LIKE_ONE.test(value)
      const found = looksLike ? JSON.stringify(value) : undefined
      const zone = typeof value === 'string' ? /^(.*-\d)[a-f]$/.exec(value)?.[1] : undefined
      const takesHere = zone && REGION.test(zone) ? `a region, not an availability zone: ${zone}` : takes
      throw misfit(value, place, takesHere, { found, code: 'region_invalid', more })
    },
  }
}

function known(value: string, { option }: Place): string {
  if (
    !KNOWN_AREAS.test(value.replace(/^fips-/, '')) &&
    !value.startsWith('aws-') &&
    !value.startsWith('fips-aws')
  )
    warn(`\`${option}\` is "${value}", which is in no AWS partition known here: check it`)
  return value
}
