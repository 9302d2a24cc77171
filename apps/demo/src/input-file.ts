import { access, constants, readFile, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, extname, join } from 'node:path'
import { InputError } from './input-error.js'

/** The largest input: it is held in memory, as records, in P1. */
const MAX_INPUT_BYTES: number = 256 * 2 ** 20

/** How a file is read: `.csv`, `.ndjson` or `.jsonl`, `.json`; anything else is bytes. */
export type InputFormat = 'csv' | 'ndjson' | 'json' | 'bytes'

const FORMATS: Readonly<Record<string, InputFormat>> = {
  '.csv': 'csv',
  '.ndjson': 'ndjson',
  '.jsonl': 'ndjson',
  '.json': 'json',
}

/** The format that the name of a file stands for. */
export function formatOf(path: string): InputFormat {
  return FORMATS[extname(path).toLowerCase()] ?? 'bytes'
}

/** Path of the flights records (200 000 of them) in the `vega-datasets` package. */
export function flightsPath(): string {
  const require = createRequire(import.meta.url)
  // The package exports its entry only; the records lie beside it.
  return join(dirname(require.resolve('vega-datasets')), '../data/flights-200k.json')
}

/**
 * Check that `path` can be an input, without reading it.
 *
 * @throws InputError saying what is wrong.
 */
export async function checkInput(path: string): Promise<void> {
  try {
    const facts = await stat(path)
    if (facts.isDirectory()) throw new InputError(`input ${path} is a directory, expected a file`)
    if (!facts.isFile()) throw new InputError(`input ${path} is not a regular file`)
    if (facts.size === 0) throw new InputError(`input ${path} is empty`)
    if (facts.size > MAX_INPUT_BYTES) {
      throw new InputError(`input ${path} has ${facts.size} bytes, the limit is ${MAX_INPUT_BYTES}`)
    }
    await access(path, constants.R_OK)
  } catch (error) {
    throw inputError(path, error)
  }
}

/**
 * The bytes of a checked input.
 *
 * @throws InputError saying what is wrong.
 */
export async function readInput(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    throw inputError(path, error)
  }
}

function inputError(path: string, error: unknown): InputError {
  if (error instanceof InputError) return error
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'ENOENT' || code === 'ENOTDIR') return new InputError(`input ${path} does not exist`)
  if (code === 'EACCES' || code === 'EPERM') return new InputError(`input ${path} is not readable`)
  return new InputError(`input ${path} cannot be read: ${(error as Error).message}`)
}
