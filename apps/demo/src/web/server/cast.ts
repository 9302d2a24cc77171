import { makeScratch, removeScratch } from '../../scratch.js'
import { clock, type Job, type News, type Order, type Role } from '../processes/orders.js'
import type { Loss, Notice, ProcessName, ProcessState } from '../protocol.js'
import { type LabChild, startChild } from './lab-child.js'

/** Notices that are kept. */
const MAX_NOTICES = 30

/** One part: a name of the page, and what plays it. */
interface Part {
  role: Role
  status: ProcessState['status']
  child: LabChild | undefined
  pid: number | undefined
  how: string | undefined
  generation: number
  killedAt: number | undefined
}

/**
 * The processes of one panel, by name, with the directory that they share. One of each name at a time; closing ends all
 * and removes what they left.
 */
export class Cast {
  readonly #onNews: (name: ProcessName | undefined, news: News) => void
  readonly #parts = new Map<string, Part>()
  readonly #notices: Notice[] = []
  #nextNotice = 1
  #scratch: string | undefined
  #closed = false

  /** @param onNews - Hears what the processes say unasked. */
  constructor(onNews: (name: ProcessName | undefined, news: News) => void = () => {}) {
    this.#onNews = onNews
  }

  /** Made when it is first asked for: without a process nobody but this one could remove it. */
  get scratch(): string {
    this.#scratch ??= makeScratch()
    return this.#scratch
  }

  get notices(): readonly Notice[] {
    return this.#notices
  }

  /** The processes of these names, whether or not they run. */
  states(...names: readonly ProcessName[]): ProcessState[] {
    return names.map((name) => {
      const part = this.#parts.get(name)
      return { name, pid: part?.pid, status: part?.status ?? 'ended', how: part?.how }
    })
  }

  isRunning(name: ProcessName): boolean {
    return this.#parts.get(name)?.status === 'running'
  }

  note(text: string): void {
    this.#notices.push({ id: this.#nextNotice++, text })
    if (this.#notices.length > MAX_NOTICES) this.#notices.shift()
  }

  /**
   * Start a process; does nothing when one of that name runs.
   *
   * @returns whether it was started.
   */
  async start(name: ProcessName, role: Role, extra: Partial<Job> = {}): Promise<boolean> {
    const before = this.#parts.get(name)
    if (this.#closed || (before !== undefined && before.status !== 'ended')) return false
    const generation = (before?.generation ?? -1) + 1
    const part: Part = {
      role,
      status: 'starting',
      child: undefined,
      pid: undefined,
      how: undefined,
      generation,
      killedAt: undefined,
    }
    this.#parts.set(name, part)
    try {
      const job: Job = { scratch: this.scratch, generation, ...extra }
      const child = await startChild(role, job, (news) => this.#onNews(name, news))
      part.child = child
      part.pid = child.pid
      part.status = 'running'
      this.note(`${name} started, pid ${child.pid}`)
      void child.ended.then((how) => this.#ended(name, part, how))
      if (this.#closed) await child.end()
    } catch (error) {
      part.status = 'ended'
      part.how = (error as Error).message
      throw error
    }
    return true
  }

  /** Give an order to a process; `undefined` when it does not run, or dies of it. */
  async ask<Report>(name: ProcessName, order: Order): Promise<Report | undefined> {
    return this.#parts.get(name)?.child?.ask<Report>(order)
  }

  /** SIGKILL. */
  kill(name: ProcessName): void {
    const part = this.#parts.get(name)
    if (part?.status !== 'running') return
    part.killedAt = clock()
    part.child?.kill()
  }

  /** End a process that has finished. Nobody can tell it anything any more, which its state says at once. */
  async end(name: ProcessName): Promise<void> {
    const part = this.#parts.get(name)
    if (part?.child === undefined) return
    part.status = 'ending'
    await part.child.end()
  }

  /** The last that was killed under that name: its process, and when. */
  killed(name: ProcessName): { readonly pid: number; readonly at: number } | undefined {
    const part = this.#parts.get(name)
    return part?.killedAt === undefined ? undefined : { pid: part.pid!, at: part.killedAt }
  }

  /** Say that a death was noticed. `undefined` when nobody of that name was killed. */
  lossOf(lost: ProcessName, by: string, as: string, at: number, promise: string): Loss | undefined {
    const killed = this.killed(lost)
    if (killed === undefined) return undefined
    const afterMs = Math.max(0, Math.round((at - killed.at) * 10) / 10)
    this.note(`${by} noticed after ${afterMs} ms that ${lost} (pid ${killed.pid}) is dead`)
    return { lost, pid: killed.pid, by, as, afterMs, promise }
  }

  /** End all processes and remove what they left. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#parts.values()].map((part) => part.child?.end()))
    if (this.#scratch !== undefined) removeScratch(this.#scratch)
  }

  #ended(name: ProcessName, part: Part, how: string): void {
    part.status = 'ended'
    part.child = undefined
    part.how = how
    this.note(`${name} (pid ${part.pid}) ended: ${how}`)
  }
}
