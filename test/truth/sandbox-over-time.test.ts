/** A file of its own, so that its waiting holds up nobody. */
import { overTime } from './cases.ts'
import { runCases } from './run-cases.ts'
import { sandboxCluster } from './sandbox-cluster.ts'

runCases(overTime, 'the sandbox', sandboxCluster)
