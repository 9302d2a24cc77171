import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import type { CrashPoint, Step } from './crash-points.js'

const SIGKILL = 9
const SIGSEGV = 11
/** A new process that lacks a page of memory dies before it has done anything. */
const MOST_STILLBORN = 20

/** What a victim is to do. */
export interface VictimRequest {
  readonly operation: string
  readonly args: unknown
  /** Where it is to die. Without it, it records its steps, and ends in order. */
  readonly point?: CrashPoint | undefined
  /** Neither: it runs as it is, and ends in order, or when somebody kills it. */
  readonly isFree?: boolean | undefined
}

/** What comes back from the victims' program. */
export type VictimReply =
  | { readonly says: 'ready' | 'completed' }
  | { readonly says: 'begins'; readonly pid: number }
  | { readonly says: 'took'; readonly steps: readonly Step[] }
  | { readonly says: 'dies'; readonly step: string }
  | { readonly says: 'failed'; readonly why: string }
  | { readonly says: 'ended'; readonly pid: number; readonly signal: number; readonly code: number }

/** How a victim ended. */
export interface Death {
  readonly pid: number
  /** The step it died at; `undefined` when it had no such step and ended in order. */
  readonly step: string | undefined
  /** With a request to record. */
  readonly steps: readonly Step[]
  /** Whether somebody else has killed it; only those that are free. */
  readonly wasKilled: boolean
}

/** A victim at work. */
export interface Victim {
  /** Resolves with its process id when its operation is about to begin. */
  readonly began: Promise<number>
  /** Rejects when its program threw, or it died otherwise than was asked. */
  readonly death: Promise<Death>
}

/** A process that makes victims, one at a time. */
export class Victims {
  readonly #process: ChildProcess
  readonly #replies: AsyncIterator<string>

  private constructor(program: string) {
    // All functions are compiled at once: otherwise each victim would do it for itself.
    this.#process = spawn(process.execPath, ['--single-threaded', '--no-lazy', program], {
      stdio: ['pipe', 'pipe', 'inherit'],
      // A ring of the kernel would be shared by all of them.
      env: { ...process.env, UV_USE_IO_URING: '0', NODE_OPTIONS: '' },
    })
    const { stdout } = this.#process
    if (stdout === null) throw new TypeError('no pipe')
    this.#replies = createInterface({ input: stdout })[Symbol.asyncIterator]()
  }

  /** @param program - A file that calls `serveVictims`. */
  static async start(program: string): Promise<Victims> {
    const victims = new Victims(program)
    const first = await victims.#reply()
    if (first.says !== 'ready') throw new Error(`the program of victims began with ${first.says}`)
    return victims
  }

  start(request: VictimRequest): Victim {
    let began = (_pid: number): void => {}
    const death = this.#run(request, (pid) => began(pid))
    const beginning = new Promise<number>((resolve, reject) => {
      began = resolve
      death.then(() => reject(new Error('the victim died before it began')), reject)
    })
    // Whoever does not care about the beginning hears of a failure by the death.
    beginning.catch(() => {})
    return { began: beginning, death }
  }

  async end(): Promise<void> {
    const gone = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await gone
  }

  async #run(request: VictimRequest, began: (pid: number) => void): Promise<Death> {
    for (let stillborn = 0; stillborn < MOST_STILLBORN; stillborn++) {
      this.#process.stdin?.write(`${JSON.stringify(request)}\n`)
      const death = await this.#follow(request, began)
      if (death !== undefined) return death
    }
    throw new Error('no victim came to life')
  }

  async #follow({ isFree }: VictimRequest, began: (pid: number) => void): Promise<Death | undefined> {
    let step: string | undefined
    let steps: readonly Step[] = []
    let hasBegun = false
    let hasEnded = false
    let failure: string | undefined
    while (true) {
      const reply = await this.#reply()
      if (reply.says === 'begins') {
        hasBegun = true
        began(reply.pid)
      } else if (reply.says === 'took') steps = reply.steps
      else if (reply.says === 'dies') step = reply.step
      else if (reply.says === 'completed') hasEnded = true
      else if (reply.says === 'failed') failure = reply.why
      else if (reply.says === 'ended') {
        if (failure !== undefined) throw new Error(`the victim failed: ${failure}`)
        const wasKilled = !hasEnded && isFree === true && reply.signal === SIGKILL
        if (step !== undefined || hasEnded || wasKilled) return { pid: reply.pid, step, steps, wasKilled }
        if (reply.signal === SIGSEGV && !hasBegun) return undefined
        throw new Error(`the victim ended by signal ${reply.signal}, code ${reply.code}`)
      }
    }
  }

  async #reply(): Promise<VictimReply> {
    const { done, value } = await this.#replies.next()
    if (done === true) throw new Error('the program of victims is gone')
    return JSON.parse(value) as VictimReply
  }
}
