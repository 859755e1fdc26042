import { authenticationFailures } from './authentication-failures.ts'
import { configurationFailures } from './configuration-failures.ts'
import { connectionFailures } from './connection-failures.ts'
import { credentialFailures } from './credential-failures.ts'
import type { FailureClass } from './failure-class.ts'
import { publishingFailures } from './publishing-failures.ts'
import { stsFailures } from './sts-failures.ts'
import { tokenFailures } from './token-failures.ts'

/** Every failure that is known by name. The first row that matches wins, so particular rows come first. */
export const catalogue: readonly FailureClass[] = [
  ...configurationFailures,
  ...credentialFailures,
  ...stsFailures,
  ...tokenFailures,
  ...connectionFailures,
  ...authenticationFailures,
  ...publishingFailures,
]

/** For what has no row. */
export const UNKNOWN_HINT =
  'This failure has no entry of its own; the message of the error says what is known.'

const byCode = new Map(catalogue.map((row) => [row.code, row]))

export function failureClass(code: string): FailureClass | undefined {
  return byCode.get(code)
}
