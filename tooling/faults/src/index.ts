/**
 * Finds what breaks shared-memory code: `explore` runs it under every interleaving of a few threads, in a model of memory
 * and of `Atomics`.
 *
 * @packageDocumentation
 */
export {
  type ExploreOptions,
  explore,
  type MemoryMode,
  type Report,
  type Violation,
} from './explore/explore.js'
export { loadModel, type Model, type ModelInput, type Mutation } from './explore/load-model.js'
export type { ModelFutex, ModelLocks, Outcome, Scenario, Self, ThreadBody } from './explore/scenario.js'
