import { clearFault, setFault } from '../../scripts/fault.ts'
import { cases } from '../truth/cases.ts'
import { runCases } from '../truth/run-cases.ts'
import { stackCluster } from '../truth/stack-cluster.ts'

runCases(cases, "the stack's Kafka", async ({ shortSessions }) => {
  clearFault()
  // Of everybody, so that the faults of one principal come before it.
  if (shortSessions) setFault('short-session')
  const cluster = await stackCluster()
  return {
    ...cluster,
    async [Symbol.asyncDispose]() {
      clearFault()
      await cluster[Symbol.asyncDispose]()
    },
  }
})
