/**
 * The program `ipc`, for other programs.
 *
 * @packageDocumentation
 */
export { EXIT_CODES } from './exit-codes.js'
export { run } from './run.js'
export type { OutputStream, Terminal } from './terminal.js'
