import { prompt } from './cases.ts'
import { runCases } from './run-cases.ts'
import { sandboxCluster } from './sandbox-cluster.ts'

runCases(prompt, 'the sandbox', sandboxCluster)
