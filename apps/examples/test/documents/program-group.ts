import type { CodeBlock, Document } from './code-block.js'

/** A program of a document, and what its text says that it prints. */
export interface DocumentedProgram {
  readonly name: string
  readonly source: string
  readonly prints: string
}

/** A program, and where a reader finds it. */
export type NamedBlock = Pick<CodeBlock, 'place' | 'source'> & { readonly name: string }

/** A program that is started, and what is to come out of it. */
interface Step {
  readonly name: string
  readonly background: boolean
  readonly prints: string
}

/**
 * Programs that a document says can be run:
 *
 *     <!-- run: server.ts & client.ts -->
 *
 * in front of their blocks, up to the next such comment. What is left of `&` goes on beside what follows, what is left of `;`
 * ends before. A block that stands alone needs no name: `<!-- run -->`.
 */
export interface ProgramGroup {
  readonly place: string
  readonly title: string
  /** In the order in which they start. */
  readonly steps: readonly Step[]
  /** Also those that are started by others, as worker threads are. */
  readonly programs: readonly DocumentedProgram[]
}

const MARK = /^<!-- (?:run(?:: (?<command>[^\n]*?))?|not run: (?<reason>[^\n]+?)) -->$/gm

interface Mark {
  readonly index: number
  readonly command: string | undefined
  readonly reason: string | undefined
}

/** What of a document is to be run. */
export function programGroups({ text, blocks }: Document): ProgramGroup[] {
  const marks = marksIn(text)
  return marks.flatMap(({ index, command = 'program.ts', reason }, number) => {
    if (reason !== undefined) return []
    const end = marks[number + 1]?.index ?? Number.POSITIVE_INFINITY
    const mine = blocks.filter((block) => block.index > index && block.index < end)
    const [first] = mine
    if (first === undefined) throw new Error(`no block follows "run: ${command}"`)
    const named = mine.filter((block) => block.name !== undefined)
    const programs = named.length > 0 ? named : [{ ...first, name: 'program.ts' }]
    return [groupOf(command, programs as readonly NamedBlock[])]
  })
}

/** The programs that `command` starts, and those that they start. */
export function groupOf(command: string, blocks: readonly NamedBlock[]): ProgramGroup {
  const programs = blocks.map(asProgram)
  const steps = stepsOf(command).map((step) => ({
    ...step,
    prints: whatPrints(step.name, command, programs),
  }))
  return { place: blocks[0]?.place ?? command, title: command, steps, programs }
}

/** Whole programs of which the document says neither how to run them nor why they are not run. */
export function unmarkedPrograms({ text, blocks }: Document): string[] {
  const marks = marksIn(text)
  const whole = blocks.filter(({ source }) => /^import .* from '/m.test(source) && !/^export /m.test(source))
  return whole
    .filter((block) => !marks.some((mark, at) => isMarked(block, mark, marks[at + 1], blocks)))
    .map(({ place }) => place)
}

function isMarked(
  block: CodeBlock,
  mark: Mark,
  next: Mark | undefined,
  blocks: readonly CodeBlock[],
): boolean {
  if (block.index < mark.index || block.index > (next?.index ?? Number.POSITIVE_INFINITY)) return false
  // A mark without names is for the block behind it.
  return block.name !== undefined || blocks.find(({ index }) => index > mark.index) === block
}

function marksIn(text: string): Mark[] {
  return [...text.matchAll(MARK)].map(({ index, groups }) => ({
    index,
    command: groups?.command,
    reason: groups?.reason,
  }))
}

function stepsOf(command: string): Omit<Step, 'prints'>[] {
  const parts = command.split(/ ?([&;]) /)
  return parts.flatMap((name, at) => (at % 2 === 0 ? [{ name, background: parts[at + 1] === '&' }] : []))
}

/** Threads and children of a program print where it does, after it. */
function whatPrints(name: string, command: string, programs: readonly DocumentedProgram[]): string {
  const started = stepsOf(command).map((step) => step.name)
  const own = programs.find((program) => program.name === name)
  if (own === undefined) throw new Error(`no block is called ${name}`)
  const others = started.length === 1 ? programs.filter((program) => program !== own) : []
  return [own, ...others].map(({ prints }) => prints).join(' ')
}

/** A program prints what the comments behind its `console.log` say. */
function asProgram({ name, source, place }: NamedBlock): DocumentedProgram {
  const prints = source.split('\n').flatMap((line, at) => {
    if (!line.includes('console.log(')) return []
    const said = /console\.log\(.*\).* \/\/ (.*)$/.exec(line)?.[1]
    if (said === undefined) throw new Error(`${place}: line ${at + 1} does not say what it prints`)
    return [said]
  })
  return { name, source, prints: prints.join(' ') }
}
