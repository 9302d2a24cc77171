import { CsvError } from 'csv-parse'
import { parse } from 'csv-parse/sync'
import { InputError } from './input-error.js'
import type { InputFormat } from './input-file.js'

/** A record of an input: named columns. */
export type InputRecord = Readonly<Record<string, unknown>>

/**
 * The records in `text`.
 *
 * @param name - Names the input in messages.
 * @throws InputError saying which line or record is wrong.
 */
export function parseRecords(
  text: string,
  format: Exclude<InputFormat, 'bytes'>,
  name: string,
): InputRecord[] {
  const records = { csv: parseCsv, ndjson: parseNdjson, json: parseJson }[format](text, name)
  if (records.length === 0) throw new InputError(`input ${name} holds no records`)
  return records
}

function parseCsv(text: string, name: string): InputRecord[] {
  try {
    return parse(text, { bom: true, columns: true, skip_empty_lines: true, cast: numberWhereExact })
  } catch (error) {
    if (!(error instanceof CsvError)) throw error
    throw new InputError(`input ${name} is no CSV with a header: ${lowerFirst(error.message)}`)
  }
}

/** `007` and `1.10` stay text: what is sent has to stand for exactly what the file says. */
function numberWhereExact(text: string, { header }: { readonly header: boolean }): string | number {
  if (header) return text
  const number = Number(text)
  return String(number) === text && Number.isFinite(number) ? number : text
}

function parseNdjson(text: string, name: string): InputRecord[] {
  const records: InputRecord[] = []
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '') return
    records.push(checkRecord(parseJsonText(line, `${name} line ${index + 1}`), `${name} line ${index + 1}`))
  })
  return records
}

function parseJson(text: string, name: string): InputRecord[] {
  const value = parseJsonText(text, name)
  if (!Array.isArray(value)) throw new InputError(`input ${name} is no JSON array of records`)
  return value.map((record, index) => checkRecord(record, `${name} record ${index + 1}`))
}

function parseJsonText(text: string, place: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new InputError(`input ${place} is not JSON: ${lowerFirst((error as Error).message)}`)
  }
}

function checkRecord(record: unknown, place: string): InputRecord {
  if (typeof record === 'object' && record !== null && !Array.isArray(record)) return record as InputRecord
  throw new InputError(`input ${place} is not a record, expected an object`)
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1).replaceAll('\n', ' ')
}
