import { observeSteps, type Seams } from './seams.js'

/** When at a step to die: `half` is in the middle of one that copies or fills more than one element. */
export type Moment = 'before' | 'half' | 'after'

/** One step of an operation, as {@link recordSteps} found it. */
export interface Step {
  /** The function, what it does, and to which field or kind of file; `#2` and so on when that happens again. */
  readonly name: string
  /** Without `after` where the step failed, and so changed nothing. */
  readonly moments: readonly Moment[]
}

/** Where to die. */
export interface CrashPoint {
  /** Name of the step: the same whether or not the operation took another way before it. */
  readonly step: string
  readonly when: Moment
}

/** Run an operation, and tell which steps it took on what it shares with others. */
export async function recordSteps(seams: Seams, operation: () => unknown): Promise<Step[]> {
  const steps: { name: string; moments: Moment[] }[] = []
  const stop = observeSteps(seams, {
    before({ name, half }) {
      steps.push({ name, moments: half === undefined ? ['before'] : ['before', 'half'] })
    },
    after() {
      steps.at(-1)?.moments.push('after')
    },
  })
  try {
    await application(operation)
  } finally {
    stop()
  }
  return steps
}

/**
 * Run an operation, and die by SIGKILL in the middle of it. Returns only when it has no such step.
 *
 * @param lastWords - Called just before. What it calls is no step.
 */
export async function crashAt(
  seams: Seams,
  { step, when }: CrashPoint,
  operation: () => unknown,
  lastWords: () => void = () => {},
): Promise<void> {
  const stop = observeSteps(seams, {
    before({ name, half }) {
      if (name !== step || when === 'after') return
      if (when === 'half') half?.()
      lastWords()
      die()
    },
    after({ name }) {
      if (name !== step) return
      lastWords()
      die()
    },
  })
  try {
    await application(operation)
  } finally {
    stop()
  }
}

/** Steps that the operation takes itself, and not the product, have the name of this function. */
function application(operation: () => unknown): unknown {
  return operation()
}

/** As if the power went, for this process. */
export function die(): never {
  process.kill(process.pid, 'SIGKILL')
  while (true) {
    // The signal is on its way.
  }
}
