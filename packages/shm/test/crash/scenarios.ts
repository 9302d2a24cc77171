import { ringWriteScenarios } from './ring-scenarios.js'
import type { Scenario } from './scenario.js'

/** The rows of the matrix. */
export const scenarios: readonly Scenario[] = [...ringWriteScenarios]
