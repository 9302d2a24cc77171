import { type Access, TIMED_OUT } from './access.js'
import type { MemoryModel, Take, Universe } from './memory-model.js'
import type { ThreadState } from './thread-states.js'
import type { NoteStates, World } from './world.js'

/** What {@link Steps} needs. */
export interface StepsInit {
  readonly universe: Universe
  readonly model: MemoryModel
  readonly notes: NoteStates
  /** Threads that may die, a bit for each. */
  readonly mortal: number
  readonly deaths: number
  /** How often the time of each sleeper may run out. */
  readonly timeouts: number
}

/** The ways in which an execution can go on. */
export class Steps {
  readonly #universe: Universe
  readonly #model: MemoryModel
  readonly #notes: NoteStates
  readonly #mortal: number
  readonly #deaths: number
  readonly #timeouts: number

  constructor({ universe, model, notes, mortal, deaths, timeouts }: StepsInit) {
    this.#universe = universe
    this.#model = model
    this.#notes = notes
    this.#mortal = mortal
    this.#deaths = deaths
    this.#timeouts = timeouts
  }

  /**
   * The moments that can come next.
   *
   * Where a thread has a private step, which neither matters to the others nor they to it, that step is the only one:
   * every execution that goes on otherwise is equal to one that takes it first. That needs that the thread cannot die
   * instead, and that what is private stays so, which `Knowledge` watches over all executions. Since executions never
   * come back to where they were, nobody's steps are put off for ever.
   */
  from(world: World): World[] {
    if (!this.#model.isPossible(world)) return []
    const count = world.threads.length
    for (let thread = 0; thread < count; thread++) {
      const only = this.#privateStep(world, thread)
      if (only !== undefined) return [only]
    }
    const next: World[] = []
    for (let thread = 0; thread < count; thread++) this.#steps(world, thread, next)
    if (next.length === 0) {
      for (let thread = 0; thread < count; thread++) this.#timeOut(world, thread, next)
    }
    return next
  }

  /** Where nothing happens, time goes by. */
  #timeOut(world: World, thread: number, next: World[]): void {
    const state = world.threads[thread] as ThreadState
    if (state.status !== 'blocked' || state.history.timeouts >= this.#timeouts) return
    taking(world, next)('time out', thread, this.#states(thread).woken(state, TIMED_OUT), world.memory, 0)
  }

  #privateStep(world: World, thread: number): World | undefined {
    const state = world.threads[thread] as ThreadState
    if (this.#mayDie(world, state, thread)) return undefined
    const found: World[] = []
    const take = taking(world, found)
    if (state.status === 'running' && isMemoryAccess(state.history.next)) {
      if (this.#model.isPrivate(state, thread)) this.#model.access(world, thread, take)
      if (found.length > 0) return found[0]
    }
    if (state.pending.length === 0) return undefined
    this.#model.settle(world, thread, take)
    // A store that no other thread ever looks at.
    return found.find(({ index }) => {
      const { kind, word } = state.pending[index] as ThreadState['pending'][number]
      return kind !== 'load' && !this.#universe.knowledge.isTouchedByOthers(thread, word)
    })
  }

  #steps(world: World, thread: number, next: World[]): void {
    const state = world.threads[thread] as ThreadState
    const take = taking(world, next)
    if (state.pending.length > 0) this.#model.settle(world, thread, take)
    if (this.#mayDie(world, state, thread))
      take('die', thread, this.#states(thread).killed(state), world.memory, 0)
    const access = state.status === 'running' ? state.history.next : undefined
    if (access === undefined) return
    if (isMemoryAccess(access)) this.#model.access(world, thread, take)
    else if (this.#model.isOrdered(state)) next.push(this.#accessShared(world, thread, access))
  }

  /** An access of what the threads share besides memory. */
  #accessShared(world: World, thread: number, access: Access): World {
    const state = world.threads[thread] as ThreadState
    const states = this.#states(thread)
    const found: World[] = []
    const take = taking(world, found)
    switch (access.operation) {
      case 'note': {
        take('access', thread, states.issued(state, 0), world.memory, 0)
        const [after] = found as [World]
        return { ...after, notes: this.#notes.after(world.notes, access.note) }
      }
      case 'isAlive': {
        const result = isAlive(world.threads[access.word]) ? 1 : 0
        take('access', thread, states.issued(state, result), world.memory, 0)
        return found[0] as World
      }
      case 'block': {
        this.#universe.knowledge.noteRead(thread, access.word)
        const sleeps = this.#universe.memories.read(world.memory, access.word) === access.value
        const to = sleeps ? states.blocked(state) : states.issued(state, 0)
        take('access', thread, to, world.memory, 0)
        return found[0] as World
      }
      case 'take':
      case 'release':
      case 'isTaken':
        return this.#accessLock(world, thread, access)
      default: {
        take('access', thread, states.issued(state, 0), world.memory, 0)
        const [after] = found as [World]
        return { ...after, threads: after.threads.map((other, i) => this.#wakened(other, i, access.word)) }
      }
    }
  }

  /** Locks that the system takes from the dead: a word holds the number of the owner. */
  #accessLock(world: World, thread: number, { operation, word }: Access): World {
    const { memories, knowledge } = this.#universe
    const owner = memories.read(world.memory, word) - 1
    const isFree = owner < 0 || owner === thread || !isAlive(world.threads[owner])
    knowledge.noteRead(thread, word)
    if (operation !== 'isTaken') knowledge.noteWrite(thread, word)
    let { memory } = world
    if (operation === 'take' && isFree) memory = memories.write(memory, word, thread + 1)
    if (operation === 'release') memory = memories.write(memory, word, 0)
    const result = operation === 'release' ? 0 : isFree === (operation === 'take') ? 1 : 0
    const found: World[] = []
    const to = this.#states(thread).issued(world.threads[thread] as ThreadState, result)
    taking(world, found)('access', thread, to, memory, 0)
    return found[0] as World
  }

  #wakened(state: ThreadState, thread: number, word: number): ThreadState {
    const sleeps = state.status === 'blocked' && state.history.next?.word === word
    return sleeps ? this.#states(thread).woken(state, 0) : state
  }

  #mayDie(world: World, state: ThreadState, thread: number): boolean {
    if ((this.#mortal & (1 << thread)) === 0 || state.status === 'dead') return false
    return world.threads.filter(({ status }) => status === 'dead').length < this.#deaths
  }

  #states(thread: number): Universe['threads'][number] {
    return this.#universe.threads[thread] as Universe['threads'][number]
  }
}

/** Whether a thread is not known to be dead: its death is not seen before all that it has stored. */
function isAlive(state: ThreadState | undefined): boolean {
  return state?.status !== 'dead' || state.pending.length > 0
}

function taking(world: World, next: World[]): Take {
  return (step, thread, to, memory, index) => {
    const threads = world.threads.slice()
    threads[thread] = to
    next.push({ memory, threads, notes: world.notes, before: world, step, thread, index })
  }
}

function isMemoryAccess(access: Access | undefined): boolean {
  if (access === undefined) return false
  const { operation } = access
  return operation === 'load' || operation === 'store' || operation.startsWith('Atomics.')
}
