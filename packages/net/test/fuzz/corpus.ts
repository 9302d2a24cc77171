import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The inputs in the files of a folder: a line of hexadecimal digits for each. */
export function loadInputs(folder: string): Uint8Array[] {
  const lines = readdirSync(folder)
    .sort()
    .flatMap((name) => readFileSync(join(folder, name), 'utf8').split('\n'))
  return lines.filter((line) => line !== '').map((line) => Uint8Array.from(Buffer.from(line, 'hex')))
}
