import { modified, type Port, stored } from './access.js'
import { Program } from './histories.js'
import { printInterleaving } from './interleaving.js'
import { Knowledge } from './knowledge.js'
import type { Model } from './load-model.js'
import type { Universe } from './memory-model.js'
import { MemoryStates } from './memory-states.js'
import type { Outcome, Scenario } from './scenario.js'
import { selfOf } from './self.js'
import { SequentialMemory } from './sequential-memory.js'
import { Steps } from './steps.js'
import { isOver, type ThreadState, ThreadStates } from './thread-states.js'
import { WeakMemory } from './weak-memory.js'
import { listOf, NoteStates, Seen, type World } from './world.js'

/** `sequential`: every access takes effect at once, in program order. `weak`: as arm64 has it, see `WeakMemory`. */
export type MemoryMode = 'sequential' | 'weak'

/** What to explore, and how far. */
export interface ExploreOptions {
  /** Name of the export that is the scenario. */
  readonly scenario: string
  readonly mode: MemoryMode
  /**
   * So many threads may die, each before any of its accesses, or after the last one.
   *
   * @default 0
   */
  readonly deaths?: number | undefined
  /**
   * The threads that may.
   *
   * @default all
   */
  readonly mortal?: readonly string[] | undefined
  /**
   * So often the time of each sleeper may run out. It does when nothing else can happen.
   *
   * @default 0
   */
  readonly timeouts?: number | undefined
  /**
   * Give up after so many states.
   *
   * @default 2_000_000
   */
  readonly maxStates?: number | undefined
}

/** Something that must not be. */
export interface Violation {
  readonly message: string
  /** A line for each step of one of the shortest executions that end so. */
  readonly interleaving: string
}

/** What an exploration found. */
export interface Report {
  readonly states: number
  readonly transitions: number
  /** States in which all threads have ended. */
  readonly finals: number
  /** Histories of single threads, each of which was run once. */
  readonly histories: number
  /** How often all was explored, until nothing new came to be known. */
  readonly passes: number
  /** Whether all was explored: not when there is a violation, or too much to explore. */
  readonly isComplete: boolean
  /** The different ways in which the threads ended, as JSON of `{ thread: result }`, sorted. */
  readonly outcomes: readonly string[]
  readonly violation?: Violation
}

/** Executions by chance, before the exploration; and those in which nothing is taken for constant yet. */
const WALKS = 200
const FIRST_WALKS = 3
const MAX_STATES = 2_000_000
const MAX_THREADS = 4

/**
 * Explore all executions of a scenario, the shortest first, each state once.
 *
 * @throws Error when a thread does not do the same in the same situation, or does not end.
 */
export function explore(model: Model, options: ExploreOptions): Report {
  const scenario = model.scenarios[options.scenario]
  if (scenario === undefined) throw new TypeError(`no scenario is called ${options.scenario}`)
  return new Exploration(model, scenario, options).run()
}

class Exploration {
  readonly #model: Model
  readonly #scenario: Scenario
  readonly #options: ExploreOptions
  readonly #names: readonly string[]
  readonly #memory: SharedArrayBuffer
  readonly #initial: Int32Array
  readonly #knowledge: Knowledge
  readonly #maxStates: number
  readonly #outcomes = new Set<string>()
  #universe: Universe
  #steps: Steps
  #first: World
  #states = 0
  #transitions = 0
  #finals = 0

  constructor(model: Model, scenario: Scenario, options: ExploreOptions) {
    this.#model = model
    this.#scenario = scenario
    this.#options = options
    this.#names = Object.keys(scenario.threads)
    if (this.#names.length === 0 || this.#names.length > MAX_THREADS) {
      throw new RangeError(`a scenario has 1 to ${MAX_THREADS} threads`)
    }
    this.#maxStates = options.maxStates ?? MAX_STATES
    this.#memory = model.realm.memory(scenario.memoryBytes)
    this.#initial = setUp(model, scenario, this.#memory)
    this.#knowledge = new Knowledge(this.#initial)
    ;[this.#universe, this.#steps, this.#first] = this.#begin()
  }

  run(): Report {
    let passes = 0
    let violation: Violation | undefined
    let isComplete = false
    do {
      if (passes === 0 || this.#knowledge.isConstantWritten) this.#learn()
      this.#takeGrown()
      passes++
      violation = this.#pass()
      isComplete = violation === undefined && this.#states <= this.#maxStates
    } while (isComplete && (this.#knowledge.isConstantWritten || this.#takeGrown()))
    return {
      states: this.#states,
      transitions: this.#transitions,
      finals: this.#finals,
      histories: this.#universe.threads.reduce((sum, { program }) => sum + program.count, 0),
      passes,
      isComplete,
      outcomes: [...this.#outcomes].sort(),
      ...(violation !== undefined && { violation }),
    }
  }

  /** Nothing is explored yet, but what is known of memory stays. */
  #begin(): [Universe, Steps, World] {
    const { realm } = this.#model
    const threads = Object.values(this.#scenario.threads).map((body) => {
      const self = selfOf(realm, this.#names)
      return new ThreadStates(new Program(realm, () => body(this.#memory, self), this.#knowledge))
    })
    const universe = { memories: new MemoryStates(this.#initial), threads, knowledge: this.#knowledge }
    const notes = new NoteStates()
    const { mode, deaths = 0, timeouts = 0, mortal = this.#names } = this.#options
    const steps = new Steps({
      universe,
      model: mode === 'weak' ? new WeakMemory(universe) : new SequentialMemory(universe),
      notes,
      mortal: deaths === 0 ? 0 : maskOf(this.#names, mortal),
      deaths,
      timeouts,
    })
    const first: World = {
      memory: universe.memories.first,
      threads: threads.map((states) => states.first),
      notes: notes.first,
      before: undefined,
      step: 'access',
      thread: 0,
      index: 0,
    }
    return [universe, steps, first]
  }

  /** Go through executions by chance: they find most of what there is to be known of memory. */
  #learn(): void {
    for (let seed = 1; seed <= FIRST_WALKS; seed++) this.#walk(seed)
    do {
      this.#knowledge.takeConstants()
      ;[this.#universe, this.#steps, this.#first] = this.#begin()
      for (let seed = 1; seed <= WALKS && !this.#knowledge.isConstantWritten; seed++) this.#walk(seed)
    } while (this.#knowledge.isConstantWritten)
  }

  /** Whether something came to be known that an exploration would have needed from its start. */
  #takeGrown(): boolean {
    const grown = this.#universe.threads.filter(({ program }) => program.futures.takeGrown())
    return this.#knowledge.takeGrown() || grown.length > 0
  }

  /** All states once, those after fewer steps first. */
  #pass(): Violation | undefined {
    this.#states = 1
    this.#transitions = 0
    this.#finals = 0
    const seen = new Seen(this.#names.length)
    seen.add(this.#first)
    let ring = [this.#first]
    while (ring.length > 0) {
      const nextRing: World[] = []
      for (const world of ring) {
        const next = this.#steps.from(world)
        if (this.#knowledge.isConstantWritten) return undefined
        this.#transitions += next.length
        const wrong = this.#violationIn(world, next.length === 0)
        if (wrong !== undefined) return { message: wrong, interleaving: this.#print(world) }
        for (const candidate of next) {
          if (seen.add(candidate)) nextRing.push(candidate)
        }
      }
      this.#states += nextRing.length
      if (this.#states > this.#maxStates) return undefined
      ring = nextRing
    }
    return undefined
  }

  #walk(seed: number): void {
    let random = seed
    let world = this.#first
    while (true) {
      const next = this.#steps.from(world)
      if (next.length === 0 || this.#knowledge.isConstantWritten) return
      // The minimal standard generator of Park and Miller.
      random = (48_271 * random) % 2_147_483_647
      world = next[random % next.length] as World
    }
  }

  #violationIn(world: World, isLast: boolean): string | undefined {
    const { threads } = world
    const { invariant } = this.#scenario
    if (invariant !== undefined && !threads.some(hasForetold)) {
      const broken = messageOf(() => invariant(this.#universe.memories.contents(world.memory)))
      if (broken !== undefined) return broken
    }
    // Where something is pending that cannot take effect, this is no execution.
    if (!isLast || threads.some(({ pending }) => pending.length > 0)) return undefined
    const sleeper = threads.findIndex((state) => !isOver(state))
    if (sleeper >= 0) return `deadlock: ${this.#names[sleeper]} sleeps, and nobody is left to wake it`
    this.#finals++
    return this.#violationAtEnd(world)
  }

  #violationAtEnd(world: World): string | undefined {
    const outcome = this.#outcomeOf(world)
    this.#outcomes.add(JSON.stringify(outcome.results))
    const { check, mayThrow = false } = this.#scenario
    const [failed] = Object.entries(outcome.errors)
    if (failed !== undefined && !mayThrow) return `${failed[0]} threw: ${textOf(failed[1])}`
    return check === undefined ? undefined : messageOf(() => check(outcome))
  }

  #outcomeOf({ threads, memory, notes }: World): Outcome {
    const results: Record<string, unknown> = {}
    const errors: Record<string, unknown> = {}
    const dead: string[] = []
    threads.forEach(({ history, status }, thread) => {
      const name = this.#names[thread] as string
      if (status === 'dead') dead.push(name)
      else if (history.ended?.threw) errors[name] = history.ended.value
      else results[name] = history.ended?.value
    })
    return {
      results,
      errors,
      dead,
      notes: listOf(notes),
      memory: this.#universe.memories.contents(memory),
    }
  }

  #print(world: World): string {
    return printInterleaving(world, {
      names: this.#names,
      programs: this.#universe.threads.map(({ program }) => program),
      source: this.#model.source,
      nameOf: (word) => this.#scenario.nameOf?.(word),
    })
  }
}

/** The memory at the beginning. */
function setUp({ realm }: Model, scenario: Scenario, memory: SharedArrayBuffer): Int32Array {
  const words = new Int32Array(scenario.memoryBytes / 4)
  const access: Port['access'] = (access) => {
    const { operation, word, mask, value } = access
    const found = words[word] as number
    if (operation === 'load' || operation === 'Atomics.load') return found & mask
    const isStore = operation === 'store' || operation === 'Atomics.store'
    const after = isStore ? stored(found, mask, value) : modified(access, found)
    if (after !== undefined) words[word] = after
    return found
  }
  realm.seam.port = { access }
  scenario.setUp?.(memory)
  return words
}

function maskOf(names: readonly string[], mortal: readonly string[]): number {
  let mask = 0
  for (const name of mortal) {
    const thread = names.indexOf(name)
    if (thread < 0) throw new TypeError(`no thread is called ${name}`)
    mask |= 1 << thread
  }
  return mask
}

function hasForetold({ pending }: ThreadState): boolean {
  return pending.some(({ kind }) => kind === 'load')
}

function messageOf(call: () => void): string | undefined {
  try {
    call()
    return undefined
  } catch (error) {
    return textOf(error)
  }
}

function textOf(error: unknown): string {
  return String((error as { message?: unknown } | null)?.message ?? error)
}
