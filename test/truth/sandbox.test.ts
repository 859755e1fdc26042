import { runCases } from './run-cases.ts'
import { sandboxCluster } from './sandbox-cluster.ts'

runCases('the sandbox', sandboxCluster)
