import { closeSync, openSync, readSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { RingHistory } from './history.js'
import { LOG_BEGINS, LOG_CAME, LOG_WORDS } from './soak-worker.js'

const ENTRY_BYTES = 4 * LOG_WORDS

/** What the readers of the shaky ring have written down, one after the other, as far as it has been told to its history. */
export class ShakyLog {
  readonly path: string
  readonly #fd: number
  readonly #history: RingHistory
  readonly #chunk = new Int32Array(LOG_WORDS * 4096)
  #offset = 0

  constructor(path: string, history: RingHistory) {
    this.path = path
    this.#fd = openSync(path, 'r')
    this.#history = history
  }

  /** Go on to where the file ends now. */
  follow(): void {
    while (true) {
      const bytes = readSync(this.#fd, this.#chunk, 0, this.#chunk.byteLength, this.#offset)
      const entries = Math.floor(bytes / ENTRY_BYTES)
      if (entries === 0) return
      this.#offset += entries * ENTRY_BYTES
      for (let entry = 0; entry < entries; entry++) this.#tell(entry * LOG_WORDS)
    }
  }

  remove(): void {
    closeSync(this.#fd)
    rmSync(dirname(this.path), { recursive: true })
  }

  #tell(at: number): void {
    const [what, from, number] = this.#chunk.subarray(at, at + LOG_WORDS) as unknown as [
      number,
      number,
      number,
    ]
    if (what === LOG_CAME) this.#history.delivered({ from, number })
    else if (what === LOG_BEGINS) this.#history.restarted()
    else this.#history.released()
  }
}
