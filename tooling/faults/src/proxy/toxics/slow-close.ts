import { checkMs } from '../../check-number.js'
import type { Toxic } from '../toxic.js'

/** Options of {@link slowClose}. */
export interface SlowCloseOptions {
  /** How much later FIN arrives than the bytes before it. */
  readonly ms: number
}

/** FIN is passed on late. */
export function slowClose({ ms }: SlowCloseOptions): Toxic {
  checkMs('ms', ms)
  return {
    name: 'slowClose',
    start: () => (piece, pass) => pass(piece.kind === 'end' ? { ...piece, dueMs: piece.dueMs + ms } : piece),
  }
}
