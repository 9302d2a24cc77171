import { connectionScenarios } from './connection-scenarios.js'
import { lockScenarios } from './lock-scenarios.js'
import { recoveryScenarios } from './recovery-scenarios.js'
import { regionScenarios } from './region-scenarios.js'
import { ringHoldScenarios } from './ring-hold-scenarios.js'
import { ringReadScenarios } from './ring-read-scenarios.js'
import { ringWriteScenarios } from './ring-write-scenarios.js'
import type { Scenario } from './scenario.js'
import { valueScenarios } from './value-scenarios.js'

/** The rows of the matrix. */
export const scenarios: readonly Scenario[] = [
  ...regionScenarios,
  ...ringWriteScenarios,
  ...ringReadScenarios,
  ...ringHoldScenarios,
  ...valueScenarios,
  ...lockScenarios,
  ...connectionScenarios,
  ...recoveryScenarios,
]
