import type { ClassifiedFailure } from './classify.ts'

/** The names of MSK brokers carry their region: a token for another one is the first thing to look at. */
export function withRegionHint(failure: ClassifiedFailure, host: string, region: string): ClassifiedFailure {
  const brokers = /\.kafka(?:-serverless)?\.([a-z0-9-]+)\.amazonaws\.com/.exec(host)?.[1]
  if (!failure.refusesToken || brokers === undefined || brokers === region) return failure
  return {
    ...failure,
    hint: `The broker is in ${brokers}, but the token was signed for ${region}: set \`region\`. ${failure.hint}`,
  }
}
