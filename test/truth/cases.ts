import type { Case } from './case.ts'
import { authentication } from './cases/authentication.ts'
import { batches } from './cases/batches.ts'
import { failingReauthentication } from './cases/failing-reauthentication.ts'
import { faults } from './cases/faults.ts'
import { handshakes } from './cases/handshakes.ts'
import { limits } from './cases/limits.ts'
import { listeners } from './cases/listeners.ts'
import { permissions } from './cases/permissions.ts'
import { produce } from './cases/produce.ts'
import { reauthentication } from './cases/reauthentication.ts'
import { refusals } from './cases/refusals.ts'
import { requests } from './cases/requests.ts'
import { sends } from './cases/sends.ts'
import { tokens } from './cases/tokens.ts'

/** Those that have to wait for something: a session, a broker that is slow. */
export const overTime: readonly Case[] = [...faults, ...reauthentication, ...failingReauthentication]

export const prompt: readonly Case[] = [
  ...authentication,
  ...refusals,
  ...listeners,
  ...tokens,
  ...produce,
  ...limits,
  ...permissions,
  ...handshakes,
  ...requests,
  ...batches,
  ...sends,
]

export const cases: readonly Case[] = [...prompt, ...overTime]
