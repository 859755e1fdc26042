/**
 * Adds up vitest's JSON reports: `node scripts/count-tests.ts FOLDER NAME… -- FAILED_STEP…`.
 * A report that is missing or has no test counts as a failure, and so does each failed step.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

interface Report {
  readonly numPassedTests: number
  readonly numFailedTests: number
  readonly success: boolean
  readonly testResults: { name: string; assertionResults: { status: string; fullName: string }[] }[]
}

const [folder = 'reports', ...rest] = process.argv.slice(2)
const divider = rest.indexOf('--')
const names = divider < 0 ? rest : rest.slice(0, divider)
const failedSteps = divider < 0 ? [] : rest.slice(divider + 1)

let passed = 0
let failed = 0
for (const name of names) {
  const report = read(name)
  if (!report || report.numPassedTests + report.numFailedTests === 0) {
    console.log(`no test ran: ${name}`)
    failed += 1
    continue
  }
  passed += report.numPassedTests
  // A file that does not load, or an error outside of a test, fails without a test of its own.
  failed += Math.max(report.numFailedTests, report.success ? 0 : 1)
  for (const { assertionResults } of report.testResults) {
    for (const { status, fullName } of assertionResults) {
      if (status === 'skipped' || status === 'pending' || status === 'todo')
        console.log(`skipped: ${fullName}`)
      if (status === 'failed') console.log(`failed: ${name}: ${fullName}`)
    }
  }
}
for (const step of failedSteps) console.log(`failed step: ${step}`)
failed += failedSteps.length
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed > 0 ? 1 : 0

function read(name: string): Report | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Report
  } catch {
    return undefined
  }
}
