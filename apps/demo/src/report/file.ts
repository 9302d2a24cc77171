import { accessSync, constants, statSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { InputError } from '../input-error.js'
import type { ReportDocument } from './json.js'

/**
 * Check that a report can be written, before minutes are spent on it.
 *
 * @throws InputError saying what is wrong.
 */
export function checkReport(path: string): void {
  try {
    accessSync(dirname(resolve(path)), constants.W_OK)
  } catch (error) {
    throw new InputError(`--report ${path} cannot be written: ${(error as Error).message}`)
  }
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InputError(`--report ${path} is a directory, expected a file`)
  }
}

/** Writes the report of a run: one file that needs no other. */
export type WriteReport = (document: ReportDocument) => void

/** Load what draws a report; only who wants one waits for that. */
export async function loadReport(path: string): Promise<WriteReport> {
  const { renderPage } = await import('./page.js')
  return (document) => writeFileSync(path, renderPage(document))
}
