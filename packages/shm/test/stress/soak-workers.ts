import type { Death, Victim, Victims } from '@ipc/faults/crash'
import type { Violations } from './history.js'
import type { Role, WorkerArgs } from './soak-worker.js'

/** One place for a worker: as soon as one is dead, the next one begins. */
export class WorkerSeat {
  readonly role: Role
  readonly #victims: Victims
  readonly #argsOf: (role: Role) => WorkerArgs
  readonly #violations: Violations
  #isOver = false
  #pid: number | undefined
  #wasKilled = false
  /** Ends when the last one has. */
  readonly over: Promise<void>

  constructor(victims: Victims, role: Role, argsOf: (role: Role) => WorkerArgs, violations: Violations) {
    this.role = role
    this.#victims = victims
    this.#argsOf = argsOf
    this.#violations = violations
    this.over = this.#run()
  }

  /** Signal the worker; returns false when there is none just now. */
  signal(name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): boolean {
    if (this.#pid === undefined) return false
    if (name === 'SIGKILL') {
      this.#wasKilled = true
      process.kill(this.#pid, 'SIGKILL')
      this.#pid = undefined
    } else process.kill(this.#pid, name)
    return true
  }

  /** No other one is to begin. */
  stop(): void {
    this.#isOver = true
  }

  async #run(): Promise<void> {
    while (!this.#isOver) {
      const args = this.#argsOf(this.role)
      const victim = this.#victims.start({ operation: 'work', args, isFree: true })
      const death = await this.#live(victim)
      if (death === undefined) return
      if (death.wasKilled && !this.#wasKilled) {
        this.#violations.add('broken', `incarnation ${args.incarnation} was killed by somebody else`)
      }
      this.#wasKilled = false
    }
  }

  async #live(victim: Victim): Promise<Death | undefined> {
    victim.began.then(
      (pid) => {
        this.#pid = pid
      },
      () => {},
    )
    try {
      return await victim.death
    } catch (error) {
      this.#violations.add('broken', `${this.role}: ${String(error)}`)
      return undefined
    } finally {
      this.#pid = undefined
    }
  }
}
