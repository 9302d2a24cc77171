import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'

/** A stream that text goes to; a terminal knows its size and colours. */
export interface OutputStream extends Writable {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  hasColors?(): boolean
}

/** Where a command reads and writes. */
export interface Terminal {
  readonly stdin: Readable
  readonly stdout: OutputStream
  readonly stderr: OutputStream
  /** Aborts when the command has to end early: SIGINT, say. */
  readonly signal: AbortSignal
}

/** Prints results: lines for people, JSON for programs. Waits for nobody who does not read, except in `write`. */
export class Output {
  readonly #terminal: Terminal

  constructor(terminal: Terminal) {
    this.#terminal = terminal
  }

  /** Whether a person reads it in a terminal. */
  get isTerminal(): boolean {
    return this.#terminal.stdout.isTTY === true
  }

  /** Characters in a line; no limit where nobody wraps them. */
  get columns(): number {
    return this.isTerminal ? (this.#terminal.stdout.columns ?? 80) : Number.POSITIVE_INFINITY
  }

  /** Lines of the terminal. */
  get rows(): number {
    return this.#terminal.stdout.rows ?? 24
  }

  /** Whether escape codes are understood and wanted: never when piped, nor with NO_COLOR. */
  get colors(): boolean {
    return this.isTerminal && this.#terminal.stdout.hasColors?.() === true
  }

  /** Write a text as it is; ends with a line break. */
  text(text: string): void {
    this.#terminal.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  }

  /** One JSON document, for people too. */
  document(value: unknown): void {
    this.text(JSON.stringify(value, jsonValue, 2))
  }

  /** One JSON value in one line. */
  jsonLine(value: unknown): Promise<void> {
    return this.write(`${JSON.stringify(value, jsonValue)}\n`)
  }

  /** Write a part of a stream, when whoever reads it has room. */
  async write(part: string | Uint8Array): Promise<void> {
    const { stdout, signal } = this.#terminal
    if (!stdout.write(part)) await once(stdout, 'drain', { signal })
  }

  /** Say something that is no result. */
  note(text: string): void {
    this.#terminal.stderr.write(`ipc: ${text}\n`)
  }
}

/** What JSON has no form for: bytes as base64, big numbers as text, no value as null. */
export function jsonValue(this: unknown, key: string, value: unknown): unknown {
  // A Buffer has been turned into something else by now.
  const raw = (this as Readonly<Record<string, unknown>>)[key]
  if (ArrayBuffer.isView(raw)) {
    return { base64: Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength).toString('base64') }
  }
  return typeof value === 'bigint' ? String(value) : value
}
