/**
 * Finds what breaks shared-memory code: `explore` runs it under every interleaving of a few threads, in a model of memory
 * and of `Atomics`.
 *
 * @packageDocumentation
 */
export type { Operation } from './explore/access.js'
