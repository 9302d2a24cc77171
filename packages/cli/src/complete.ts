import type { Command, Option } from 'commander'

/** Names that only the system knows, for arguments and options that take them. */
export interface KnownNames {
  /** Of regions, and of listeners. */
  regions(): readonly string[]
  /** In a queue directory. */
  queues(directory: string): Promise<readonly string[]>
}

/** What a word may be that a shell asks to complete: a list, or a file. */
export interface Completion {
  readonly words: readonly string[]
  readonly isFile: boolean
}

const NOTHING: Completion = { words: [], isFile: false }
const A_FILE: Completion = { words: [], isFile: true }

/**
 * What can stand where the last word is, by the program's own commands and options.
 *
 * @param words - Those of the line after the program's name; the last one is the one to complete, maybe empty.
 */
export async function complete(
  program: Command,
  words: readonly string[],
  known: KnownNames,
): Promise<Completion> {
  const word = words.at(-1) ?? ''
  const before = words.slice(0, -1)
  const { command, rest } = commandOf(program, before)
  const option = optionBefore(command, before)
  if (option !== undefined) return valuesOf(option, word)
  if (word.startsWith('-')) return starting(word, command.options.flatMap(namesOf))
  if (command.commands.length > 0) {
    return starting(
      word,
      command.commands.filter(isShown).map((child) => child.name()),
    )
  }
  const argument = command.registeredArguments[Math.min(rest.length, command.registeredArguments.length - 1)]
  if (argument === undefined) return NOTHING
  if (argument.argChoices !== undefined) return starting(word, argument.argChoices)
  const name = argument.name()
  if (name === 'name' || name === 'names') {
    return starting(
      word,
      command.parent?.name() === 'queue' ? await queuesOf(before, known) : known.regions(),
    )
  }
  return name === 'queue' ? starting(word, await queuesOf(before, known)) : NOTHING
}

/** The command that the words name, and its arguments so far. */
function commandOf(
  program: Command,
  words: readonly string[],
): { readonly command: Command; readonly rest: string[] } {
  let command = program
  const rest: string[] = []
  for (const [index, word] of words.entries()) {
    if (word.startsWith('-') || optionBefore(command, words.slice(0, index)) !== undefined) continue
    const child = command.commands.find((candidate) => candidate.name() === word)
    if (child === undefined) rest.push(word)
    else command = child
  }
  return { command, rest }
}

/** The option that the last word is, if it takes a value. */
function optionBefore(command: Command, words: readonly string[]): Option | undefined {
  const last = words.at(-1)
  return command.options.find((option) => option.required && namesOf(option).includes(last ?? ''))
}

function valuesOf(option: Option, word: string): Completion {
  if (option.argChoices !== undefined) return starting(word, option.argChoices)
  return /<(?:file|directory)>/.test(option.flags) ? A_FILE : NOTHING
}

async function queuesOf(words: readonly string[], known: KnownNames): Promise<readonly string[]> {
  const at = words.lastIndexOf('--dir')
  const directory = at < 0 ? undefined : words[at + 1]
  return directory === undefined ? [] : known.queues(directory)
}

function namesOf({ short, long }: Option): string[] {
  return [short, long].filter((name) => name !== undefined && name !== null)
}

function starting(word: string, words: readonly string[]): Completion {
  return { words: words.filter((candidate) => candidate.startsWith(word)), isFile: false }
}

function isShown(command: Command): boolean {
  return !command.name().startsWith('__')
}
