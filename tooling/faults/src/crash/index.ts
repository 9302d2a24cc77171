/**
 * Death at every step: names the steps of an operation on shared memory and files, and kills processes at each of them.
 *
 * @packageDocumentation
 */
export { type BundledProgram, bundleProgram, type ProgramSource } from './bundle-program.js'
export { type CrashPoint, crashAt, die, type Moment, recordSteps, type Step } from './crash-points.js'
export type { Seams, SteppedObject } from './seams.js'
export { type Death, type Victim, type VictimRequest, Victims } from './victims.js'
export { type MakeOperation, serveVictims, type VictimsProgram } from './victims-program.js'
