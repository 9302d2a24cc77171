import { checkWhole } from '../../check-number.js'
import type { Toxic } from '../toxic.js'

/** Options of {@link limitBytes}. */
export interface LimitBytesOptions {
  /** So many pass, then FIN does. */
  readonly bytes: number
}

/** The receiver gets the first bytes and FIN; what the sender sends beyond is read and dropped. */
export function limitBytes({ bytes: limit }: LimitBytesOptions): Toxic {
  checkWhole('bytes', limit, 0)
  return {
    name: 'limitBytes',
    start: () => {
      let leftBytes = limit
      let ended = false
      return (piece, pass) => {
        if (piece.kind === 'reset') return pass(piece)
        if (ended) return
        ended = piece.kind === 'end' || piece.bytes.length >= leftBytes
        if (piece.kind === 'bytes' && leftBytes > 0)
          pass({ ...piece, bytes: piece.bytes.subarray(0, leftBytes) })
        if (piece.kind === 'bytes') leftBytes -= piece.bytes.length
        if (ended) pass({ kind: 'end', dueMs: piece.dueMs })
      }
    },
  }
}
