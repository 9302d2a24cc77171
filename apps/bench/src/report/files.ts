import { accessSync, constants, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { InputError } from '../input-error.js'
import type { BenchDocument } from './document.js'
import { renderMarkdown, withFigures } from './markdown.js'

/** The run that the README shows. The build puts this program into a directory of its package. */
const RESULTS = fileURLToPath(new URL('../results/report.json', import.meta.url))
const README = fileURLToPath(new URL('../README.md', import.meta.url))

/**
 * Make the directory for a report, before hours are spent on what could not be written then.
 *
 * @throws InputError when it cannot be made, or written to.
 */
export function prepareReport(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true })
    accessSync(directory, constants.W_OK)
  } catch (error) {
    throw new InputError(`--out ${directory} cannot be written to: ${(error as Error).message}`)
  }
}

/** Write a run as `report.json` and `report.md`; returns their paths. */
export function writeReport(directory: string, document: BenchDocument): readonly string[] {
  const files = [
    [join(directory, 'report.md'), renderMarkdown(document)],
    [join(directory, 'report.json'), `${JSON.stringify(document, undefined, 2)}\n`],
  ] as const
  for (const [path, text] of files) writeFileSync(path, text)
  return files.map(([path]) => path)
}

/**
 * Write the table of the benchmark's README from the committed results.
 *
 * @returns what was done, in one line.
 * @throws InputError when there are none.
 */
export function rewriteReadme(): string {
  let text: string
  try {
    text = readFileSync(RESULTS, 'utf8')
  } catch {
    throw new InputError(`there are no results; write some with --out: ${RESULTS} is missing`)
  }
  writeFileSync(README, withFigures(readFileSync(README, 'utf8'), JSON.parse(text)))
  return `${README} shows ${RESULTS}`
}
