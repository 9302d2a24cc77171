import { IpcError } from '@ipc/core'
import { firstOwnerOf } from './owners.js'
import type { Database, Query } from './sqlite.js'

/** A process that holds leases says so often that it lives, while there are strangers. */
const BEAT_MS = 5_000
/** A stranger that holds leases and has not said so for so long is taken for dead. */
const SILENCE_MS = 60_000

/** What was last heard of one. */
interface Heard {
  readonly beat: number
  /** By the clock of whoever listens. */
  readonly at: number
}

/**
 * Other processes that have the directory open and see other shared memory, as containers do that share only the directory:
 * nothing but the file tells of them. A process that holds leases counts up a number in its row of the file, which is its
 * beat; whoever listens judges by his own clock how long that has stood still. One that holds nothing need not beat: nobody
 * would have anything to give back.
 */
export class Strangers {
  readonly #rows: Query
  readonly #boot: string
  readonly #region: string
  readonly #holder: Query
  readonly #isThere: Query
  readonly #count: Query
  readonly #now: () => number
  #heard: ReadonlyMap<number, Heard> = new Map()
  #version = -1
  #beatAt = Number.NEGATIVE_INFINITY
  #lookedAt = Number.NEGATIVE_INFINITY

  /**
   * @param boot - Since when the machine runs: processes from before are not strangers, but dead.
   * @param region - The shared memory of this process.
   * @param now - Milliseconds that pass while the machine runs.
   */
  constructor(db: Database, boot: string, region: string, now: () => number = () => performance.now()) {
    this.#rows = db.prepare('SELECT number, beat FROM process WHERE boot = ? AND region <> ?')
    this.#boot = boot
    this.#region = region
    this.#holder = db.prepare('SELECT 1 FROM message WHERE state = 3 AND owner >= ? AND owner < ? LIMIT 1')
    const own = 'WHERE boot = ? AND region = ? AND participant = ?'
    this.#isThere = db.prepare(`SELECT 1 FROM process ${own}`)
    this.#count = db.prepare(`UPDATE process SET beat = beat + 1 ${own}`)
    this.#now = now
  }

  /** Listen. @param version - Of the file: as long as it is the same, and there are none, there is nothing to hear. */
  listen(version: number): void {
    if (version === this.#version && this.#heard.size === 0) return
    this.#version = version
    const before = this.#heard
    const at = this.#now()
    this.#heard = new Map(
      this.#rows.all(this.#boot, this.#region).map((row) => {
        const number = row.number as number
        const beat = row.beat as number
        const known = before.get(number)
        return [number, known?.beat === beat ? known : { beat, at }]
      }),
    )
  }

  /** Numbers of those that are dead, and that something is leased to. */
  silent(): number[] {
    const now = this.#now()
    return [...this.#heard]
      .filter(([number, { at }]) => now - at >= SILENCE_MS && this.#holds(number))
      .map(([number]) => number)
  }

  /** Whether {@link Strangers.silent} may say something new: it reads all that is leased. */
  isLookDue(): boolean {
    const now = this.#now()
    if (this.#heard.size === 0 || now - this.#lookedAt < BEAT_MS) return false
    this.#lookedAt = now
    return true
  }

  /** Whether it is time to beat, for a process that holds leases. */
  get isBeatDue(): boolean {
    return this.#heard.size > 0 && this.#now() - this.#beatAt >= BEAT_MS
  }

  /**
   * Say that this process lives, by its participant in the shared memory; in a transaction.
   *
   * @throws IpcError `IPC_FENCED` when it was taken for dead.
   */
  beat(participant: number): void {
    const own = [this.#boot, this.#region, participant]
    if (this.#isThere.get(...own) === undefined) {
      throw new IpcError(
        'IPC_FENCED',
        `this process stood still for more than ${SILENCE_MS / 1000} s and was taken for dead by one that sees other shared ` +
          'memory: what it had was given back; open the queue again',
      )
    }
    this.#count.run(...own)
    this.#beatAt = this.#now()
  }

  #holds(process: number): boolean {
    return this.#holder.get(firstOwnerOf(process), firstOwnerOf(process + 1)) !== undefined
  }
}
