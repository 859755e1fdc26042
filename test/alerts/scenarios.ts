import type { Scenario } from './scenario.ts'
import { authenticationScenarios } from './scenarios/authentication.ts'
import { consumerScenarios } from './scenarios/consumer.ts'
import { healthyScenarios } from './scenarios/healthy.ts'
import { objectiveScenarios } from './scenarios/objectives.ts'
import { publishingScenarios } from './scenarios/publishing.ts'
import { telemetryScenarios } from './scenarios/telemetry.ts'
import { tokenScenarios } from './scenarios/token.ts'

/** Everything that is promised of the rules, for a service of so many processes. */
export const scenarios = (processes: number): Scenario[] =>
  [
    healthyScenarios,
    tokenScenarios,
    authenticationScenarios,
    publishingScenarios,
    consumerScenarios,
    telemetryScenarios,
    objectiveScenarios,
  ].flatMap((of) => of(processes))
