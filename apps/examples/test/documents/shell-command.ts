import { dirname } from 'node:path'
import type { Document } from './code-block.js'

/** A line that a document tells its reader to type. */
export interface ShellCommand {
  /** The document and its line. */
  readonly place: string
  /** Where the document is. */
  readonly folder: string
  /** Without the comment behind it. */
  readonly command: string
  readonly words: readonly string[]
}

/** The lines of all blocks `sh` of a document. */
export function shellCommands({ path, text }: Document): ShellCommand[] {
  return [...text.matchAll(/^```sh\n(.*?)^```$/gms)].flatMap(({ index, 1: body = '' }) => {
    const first = text.slice(0, index).split('\n').length + 1
    return body
      .split('\n')
      .map((line, at) => ({
        place: `${path}:${first + at}`,
        folder: dirname(path),
        command: line.replace(/(^|\s)#.*$/, '').trim(),
      }))
      .filter(({ command }) => command !== '')
      .map((command) => ({ ...command, words: command.command.split(/\s+/) }))
  })
}

/** The script of the workspace that a line runs with pnpm, and what it passes on; `undefined` when it runs none. */
export function scriptOf({
  words,
}: ShellCommand): { readonly name: string; readonly options: string[] } | undefined {
  const at = words.indexOf('pnpm')
  if (at !== 0 && words.slice(0, at).join(' ') !== 'npx -y') return undefined
  const [name, ...options] = words.slice(at + 1).filter((word) => word !== '-s' && word !== '-w')
  return name === undefined ? undefined : { name, options }
}
