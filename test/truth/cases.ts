import type { Case } from './case.ts'
import { authentication } from './cases/authentication.ts'
import { batches } from './cases/batches.ts'
import { faults } from './cases/faults.ts'
import { handshakes } from './cases/handshakes.ts'
import { permissions } from './cases/permissions.ts'
import { produce } from './cases/produce.ts'
import { reauthentication } from './cases/reauthentication.ts'
import { refusals } from './cases/refusals.ts'
import { requests } from './cases/requests.ts'
import { tokens } from './cases/tokens.ts'

export const cases: readonly Case[] = [
  ...authentication,
  ...refusals,
  ...tokens,
  ...faults,
  ...reauthentication,
  ...produce,
  ...permissions,
  ...handshakes,
  ...requests,
  ...batches,
]
