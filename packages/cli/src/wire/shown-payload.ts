import { json, msgpack } from '@ipc/core'
import { jsonValue } from '../terminal.js'

/** Bytes of a payload that are shown when they are no text. */
const SHOWN_BYTES = 32
const SHOWN_CHARACTERS = 100
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f]/

/** A payload as a person may read it: the value where its codec is known, else text, else the first bytes. */
export function decodeShown(payload: Uint8Array, codec: string): string {
  const value = decodedBy(payload, codec)
  const text = value === undefined ? textOrBytes(payload) : JSON.stringify(value, jsonValue)
  return text.length <= SHOWN_CHARACTERS ? text : `${text.slice(0, SHOWN_CHARACTERS - 1)}…`
}

/** A payload as text if it is some, else its first bytes as hexadecimal digits. */
export function textOrBytes(payload: Uint8Array): string {
  const text = textOf(payload)
  if (text !== undefined && !CONTROL.test(text)) return text
  const shown = Buffer.from(payload.subarray(0, SHOWN_BYTES))
    .toString('hex')
    .replace(/..(?!$)/g, '$& ')
  return payload.length <= SHOWN_BYTES ? shown : `${shown} … ${payload.length} bytes`
}

/** The text that the bytes are in UTF-8; `undefined` when they are none. */
export function textOf(payload: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(payload)
  } catch {
    return undefined
  }
}

function decodedBy(payload: Uint8Array, codec: string): unknown {
  const known = codec === 'msgpack' ? msgpack() : codec === 'json' ? json() : undefined
  try {
    return known?.decode(payload, 0, payload.length)
  } catch {
    return undefined
  }
}
