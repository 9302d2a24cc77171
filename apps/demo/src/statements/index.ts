import type { Roles } from './actor.js'
import type { Statement } from './statement.js'

/** A statement, and what its processes do. */
export interface StatementModule {
  readonly statement: Statement
  readonly roles: Roles
}

/** By name, in the order of their numbers. A process loads only the packages of its own one. */
const MODULES = {
  'simultaneous-access': () => import('./simultaneous-access.js'),
  'no-system-calls': () => import('./no-system-calls.js'),
  fastest: () => import('./fastest.js'),
  'amount-crossover': () => import('./amount-crossover.js'),
  'explicit-access': () => import('./explicit-access.js'),
  races: () => import('./races.js'),
  protection: () => import('./protection.js'),
  'send-and-receive': () => import('./send-and-receive.js'),
  'stored-until-retrieved': () => import('./stored-until-retrieved.js'),
  backpressure: () => import('./backpressure.js'),
  'remote-machines': () => import('./remote-machines.js'),
  latency: () => import('./latency.js'),
  'set-up-time': () => import('./set-up-time.js'),
} satisfies Record<string, () => Promise<StatementModule>>

/** Name of a statement. */
export type StatementId = keyof typeof MODULES

/** All names, in the order of their numbers. */
export const STATEMENT_IDS: readonly StatementId[] = Object.keys(MODULES) as StatementId[]

/** Load a statement with the packages that it uses. */
export function loadStatement(id: StatementId): Promise<StatementModule> {
  return MODULES[id]()
}
