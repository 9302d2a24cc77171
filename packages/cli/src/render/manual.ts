import type { Command, Help } from 'commander'

const INDENT = '       '
/** Manuals are read at this width, whatever the terminal's. */
const WIDTH = 78

/** The help of a command, laid out as a manual page is. */
export function manualOf(command: Command, helper: Help): string {
  const name = fullName(command)
  const parts = [
    section('NAME', wrapped(`${name} - ${summaryOf(command)}`)),
    section('SYNOPSIS', [`${name} ${command.usage()}`]),
    ...(command.description() === '' ? [] : [section('DESCRIPTION', wrapped(command.description()))]),
    ...entries('COMMANDS', helper.visibleCommands(command), (child) => [
      helper.subcommandTerm(child),
      summaryOf(child),
    ]),
    ...entries('ARGUMENTS', helper.visibleArguments(command), (argument) => [
      helper.argumentTerm(argument),
      helper.argumentDescription(argument),
    ]),
    ...entries('OPTIONS', helper.visibleOptions(command), (option) => [
      helper.optionTerm(option),
      helper.optionDescription(option),
    ]),
  ]
  return `${parts.join('\n\n')}\n`
}

/** A section of a manual. */
export function section(title: string, lines: readonly string[]): string {
  return `${title}\n${lines.map((line) => (line === '' ? '' : `${INDENT}${line}`)).join('\n')}`
}

/** A text in lines of a manual. */
export function wrapped(text: string, width: number = WIDTH - INDENT.length): string[] {
  const lines: string[] = []
  for (const word of text.split(/\s+/)) {
    const last = lines.at(-1)
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines
}

function entries<T>(
  title: string,
  items: readonly T[],
  entryOf: (item: T) => readonly [term: string, description: string],
): string[] {
  if (items.length === 0) return []
  const lines = items.flatMap((item) => {
    const [term, description] = entryOf(item)
    return [term, ...wrapped(description, WIDTH - 2 * INDENT.length).map((line) => `${INDENT}${line}`)]
  })
  return [section(title, lines)]
}

/** The first sentence of what a command does. */
function summaryOf(command: Command): string {
  const [first = ''] = command.description().split(/[.:;](?:\s|$)/)
  return first.charAt(0).toLowerCase() + first.slice(1)
}

function fullName(command: Command): string {
  const { parent } = command
  return parent === null ? command.name() : `${fullName(parent)} ${command.name()}`
}
