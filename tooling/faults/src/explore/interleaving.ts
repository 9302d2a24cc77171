import type { Access } from './access.js'
import type { History, Program } from './histories.js'
import { BUNDLE_NAME } from './load-model.js'
import type { Pending, ThreadState } from './thread-states.js'
import { stepsTo, type World } from './world.js'

/** What is needed to print an execution. */
export interface PrintInit {
  readonly names: readonly string[]
  readonly programs: readonly Program[]
  /** The bundle, for the places of accesses in it. */
  readonly source: string
  nameOf(word: number): string | undefined
}

interface Line {
  readonly who: string
  readonly what: string
  readonly where: string
}

/**
 * Print an execution, a line for each step: who, which access with what it found or stored, and the function it is in.
 * Loads of words that nobody writes are left out.
 *
 * ```
 * writer  store payload = 7, pending                  value-cells.ts write
 * writer  Atomics.add version + 1: was 0              value-cells.ts write
 * reader  load payload: 7                             value-cells.ts #copyPlain
 * ```
 */
export function printInterleaving(world: World, init: PrintInit): string {
  const places = init.programs.map((program, thread) =>
    placesOf(program, (world.threads[thread] as ThreadState).history, init.source),
  )
  const lines = stepsTo(world).map((step) => lineOf(step, init, places))
  const widest = (field: 'who' | 'what'): number => Math.max(0, ...lines.map((line) => line[field].length))
  const [who, what] = [widest('who'), widest('what')]
  return lines
    .map((line) => `${line.who.padEnd(who)}  ${line.what.padEnd(what)}  ${line.where}`.trimEnd())
    .join('\n')
}

function lineOf(world: World, { names, nameOf }: PrintInit, places: readonly (readonly string[])[]): Line {
  const { thread, step, index } = world
  const before = (world.before as World).threads[thread] as ThreadState
  const after = world.threads[thread] as ThreadState
  const who = names[thread] as string
  const name = (word: number, mask: number): string => {
    const bytes = mask === -1 ? '' : ` & 0x${(mask >>> 0).toString(16)}`
    return `${nameOf(word) ?? `[${word}]`}${bytes}`
  }
  if (step === 'die') return { who, what: 'dies', where: '' }
  if (step === 'time out') return { who, what: 'wakes up, its time is over', where: '' }
  if (step === 'settle') {
    const { kind, word, mask, value, depth } = before.pending[index] as Pending
    const what = kind === 'load' ? 'now the load takes effect' : 'now visible'
    return { who, what: `  ${name(word, mask)} = ${value}: ${what}`, where: places[thread]?.[depth] ?? '' }
  }
  const access = before.history.next as Access
  const { result, depth } = after.history
  const where = places[thread]?.[depth === before.history.depth ? depth : depth - 1] ?? ''
  const isPending = after.pending.length > before.pending.length
  if (step === 'foretell') {
    return { who, what: `load ${name(access.word, access.mask)}: ${result}, to take effect later`, where }
  }
  const text = textOf(access, result, name, names)
  if (access.operation === 'block') {
    return { who, what: `${text}${after.status === 'blocked' ? ': sleeps' : ': has changed'}`, where }
  }
  return { who, what: isPending ? `${text}, pending` : text, where }
}

function textOf(
  access: Access,
  result: number,
  name: (word: number, mask: number) => string,
  names: readonly string[],
): string {
  const { operation, word, mask, value, expected, note } = access
  switch (operation) {
    case 'note':
      return `note ${JSON.stringify(note)}`
    case 'isAlive':
      return `is ${names[word]} alive: ${result === 1 ? 'yes' : 'no'}`
    case 'take':
      return `take lock ${name(word, mask)}: ${result === 1 ? 'has it' : 'taken'}`
    case 'release':
      return `release lock ${name(word, mask)}`
    case 'isTaken':
      return `is lock ${name(word, mask)} taken: ${result === 1 ? 'yes' : 'no'}`
    case 'block':
      return `block while ${name(word, mask)} is ${value}`
    case 'unblock':
      return `unblock ${name(word, mask)}`
    case 'load':
    case 'Atomics.load':
      return `${operation} ${name(word, mask)}: ${result}`
    case 'store':
    case 'Atomics.store':
      return `${operation} ${name(word, mask)} = ${value}`
    case 'Atomics.compareExchange':
      return `${operation} ${name(word, mask)} from ${expected} to ${value}: was ${result}`
    default:
      return `${operation} ${name(word, mask)}, ${value}: was ${result}`
  }
}

/** File and function of each access of a thread: of the innermost call in a file that is not the scenarios'. */
function placesOf(program: Program, history: History, source: string): string[] {
  const files = filesOf(source)
  const places: string[] = []
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 30
  try {
    program.retrace(history, () => places.push(placeOf(new Error('here').stack ?? '', files)))
  } finally {
    Error.stackTraceLimit = limit
  }
  return places
}

/** The bundler writes a module's path before it. */
function filesOf(source: string): string[] {
  let file = ''
  return source.split('\n').map((line) => {
    const path = /^\/\/ (\S+\.ts)$/.exec(line)?.[1]
    if (path !== undefined) file = path.slice(path.lastIndexOf('/') + 1)
    return file
  })
}

function placeOf(stack: string, files: readonly string[]): string {
  const frame = new RegExp(
    `at (?:new )?(?:\\S+\\.)?(\\S+) \\(${BUNDLE_NAME.replace('.', '\\.')}:(\\d+):\\d+\\)`,
  )
  for (const line of stack.split('\n')) {
    const found = frame.exec(line)
    if (found !== null) return `${files[Number(found[2]) - 1] ?? ''} ${found[1]}`
  }
  return ''
}
