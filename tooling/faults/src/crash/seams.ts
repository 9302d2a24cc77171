import { callerOf } from './call-site.js'

/** An object whose functions are steps when they are called on it: a module of Node, functions of the C library. */
export interface SteppedObject {
  readonly target: object
  /** Those that change something another process could see. */
  readonly functions: readonly string[]
  /** What a call is about, as part of the step's name: the kind of file, say. */
  describe?(name: string, args: readonly unknown[]): string | undefined
}

/** Everything through which a program's steps on shared memory and files go. */
export interface Seams {
  /** Whether others see this memory: only steps on such memory count. */
  isShared(memory: ArrayBufferLike): boolean
  /** Name of the field at an offset of shared memory, without the number of a slot. */
  fieldAt?(memory: ArrayBufferLike, byteOffset: number): string | undefined
  readonly objects?: readonly SteppedObject[]
}

/** One call that changes something shared. `half` does a part of it, where it has parts. */
export interface SteppedCall {
  readonly name: string
  readonly half: (() => void) | undefined
}

/** Told about each step, before and after. What a step itself calls is no step of its own. */
export interface StepObserver {
  before(call: SteppedCall): void
  /** Not called when it has failed, and has changed nothing. */
  after(call: SteppedCall): void
}

type AnyFunction = (this: unknown, ...args: unknown[]) => unknown
type Functions = Record<string, AnyFunction>

/**
 * Operations on memory that change it. Loads are none of them: to die before one is to die before the next change. A
 * wake-up changes nothing in memory, but to die before it is to leave somebody asleep.
 */
const ATOMICS = ['store', 'add', 'sub', 'and', 'or', 'xor', 'exchange', 'compareExchange', 'notify'] as const

/**
 * Put an observer between a program and the seams. The program's source carries nothing for this: it calls `Atomics`,
 * modules and foreign functions by the objects that are changed here.
 *
 * @returns what takes it out again.
 */
export function observeSteps(seams: Seams, observer: StepObserver): () => void {
  for (const { target, functions } of seams.objects ?? []) checkFunctions(target, functions)
  const restores: (() => void)[] = []
  const put = (target: object, name: string, make: (original: AnyFunction) => AnyFunction): void => {
    const owner = target as Functions
    const original = owner[name] as AnyFunction
    owner[name] = make(original)
    restores.push(() => {
      owner[name] = original
    })
  }
  const names = new StepNames(seams)
  for (const name of ATOMICS) put(Atomics, name, (original) => atomicStep(name, original, names, observer))
  const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object
  put(typedArray, 'set', (original) => setStep(original, names, observer))
  put(typedArray, 'fill', (original) => fillStep(original, names, observer))
  for (const object of seams.objects ?? []) {
    for (const name of object.functions) {
      put(object.target, name, (original) => callStep(name, original, object, names, observer))
    }
  }
  return () => {
    for (const restore of restores.reverse()) restore()
  }
}

function checkFunctions(target: object, functions: readonly string[]): void {
  for (const name of functions) {
    if (typeof (target as Functions)[name] !== 'function')
      throw new TypeError(`there is no function ${name} to observe`)
  }
}

class StepNames {
  readonly seams: Seams
  readonly #seen = new Map<string, number>()

  constructor(seams: Seams) {
    this.seams = seams
  }

  /** Several of the same name are told apart by a number. `undefined`: the program did not call it. */
  name(called: AnyFunction, what: string, detail: string | undefined): string | undefined {
    const caller = callerOf(called)
    if (caller === undefined) return undefined
    const name = `${caller}: ${what}${detail === undefined ? '' : ` ${detail}`}`
    const count = (this.#seen.get(name) ?? 0) + 1
    this.#seen.set(name, count)
    return count === 1 ? name : `${name} #${count}`
  }

  field(view: ArrayBufferView, index: number): string | undefined {
    const width = view.byteLength / (view as Uint8Array).length
    return this.seams.fieldAt?.(view.buffer, view.byteOffset + index * width)
  }

  isShared(view: ArrayBufferView): boolean {
    return this.seams.isShared(view.buffer)
  }
}

/** What runs one step. */
interface StepRun {
  readonly name: string | undefined
  readonly half?: (() => void) | undefined
  run(): unknown
  /** Whether it changed something, by its result. */
  readonly changed?: ((result: unknown) => boolean) | undefined
}

let isInStep = false

function step(observer: StepObserver, { name, half, run, changed }: StepRun): unknown {
  if (name === undefined) return run()
  const call: SteppedCall = { name, half }
  isInStep = true
  try {
    observer.before(call)
    const result = run()
    if (changed?.(result) ?? true) observer.after(call)
    return result
  } finally {
    isInStep = false
  }
}

function atomicStep(
  name: string,
  original: AnyFunction,
  names: StepNames,
  observer: StepObserver,
): AnyFunction {
  return function atomic(...args) {
    const [view, index] = args as [ArrayBufferView, number]
    const run = (): unknown => original.apply(Atomics, args)
    if (isInStep || !names.isShared(view) || isLook(name, args)) return run()
    const changed = name === 'compareExchange' ? (found: unknown) => found === args[2] : undefined
    return step(observer, { name: names.name(atomic, name, names.field(view, index)), run, changed })
  }
}

/** Adding 0 is a look that is ordered like a change. */
function isLook(name: string, args: readonly unknown[]): boolean {
  return name === 'add' && args[2] === 0
}

function setStep(original: AnyFunction, names: StepNames, observer: StepObserver): AnyFunction {
  return function set(...args) {
    const view = this as Uint8Array
    const [source, offset = 0] = args as [ArrayLike<number>, number?]
    const run = (): unknown => original.apply(view, args)
    if (isInStep || !names.isShared(view)) return run()
    const half = Math.floor(source.length / 2)
    const part = (): void => {
      for (let at = 0; at < half; at++) view[offset + at] = source[at] as number
    }
    const name = names.name(set, 'set', names.field(view, offset))
    return step(observer, { name, half: half > 0 ? part : undefined, run })
  }
}

function fillStep(original: AnyFunction, names: StepNames, observer: StepObserver): AnyFunction {
  return function fill(...args) {
    const view = this as Int32Array
    const [value, start = 0, end = view.length] = args as [number, number?, number?]
    const run = (): unknown => original.apply(view, args)
    if (isInStep || !names.isShared(view)) return run()
    const half = Math.floor((end - start) / 2)
    const part = (): void => void original.call(view, value, start, start + half)
    const name = names.name(fill, 'fill', names.field(view, start))
    return step(observer, { name, half: half > 0 ? part : undefined, run })
  }
}

function callStep(
  name: string,
  original: AnyFunction,
  object: SteppedObject,
  names: StepNames,
  observer: StepObserver,
): AnyFunction {
  return function call(...args) {
    const run = (): unknown => original.apply(this, args)
    if (isInStep) return run()
    return step(observer, { name: names.name(call, name, object.describe?.(name, args)), run })
  }
}
