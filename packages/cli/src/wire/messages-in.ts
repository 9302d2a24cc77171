import type { Readable } from 'node:stream'
import { UsageError } from '../exit-codes.js'

/** How a stream of bytes becomes messages. */
export interface InputOptions {
  readonly codec: string
  readonly raw?: boolean
}

/** Longest line: no transport takes more by default. */
const MAX_LINE_BYTES = 16 * 2 ** 20
const LINE_FEED = 10

/**
 * The messages in a stream. With `raw` each chunk as it comes, as large as the system gives them; else each line without its
 * end: its bytes, or with another codec the JSON value that it is.
 *
 * @throws UsageError for a line that is no JSON, or is too long.
 */
export async function* messagesIn(
  stream: Readable,
  { codec, raw = false }: InputOptions,
): AsyncGenerator<unknown> {
  if (raw) {
    for await (const chunk of stream) yield new Uint8Array(chunk as Uint8Array)
    return
  }
  let number = 0
  for await (const line of linesOf(stream)) {
    number++
    yield codec === 'bytes' ? line : parsed(line, number)
  }
}

async function* linesOf(stream: Readable): AsyncGenerator<Uint8Array> {
  let begun: Uint8Array[] = []
  let begunBytes = 0
  for await (const part of stream) {
    const chunk = part as Buffer
    let start = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, start)) {
      yield Buffer.concat([...begun, chunk.subarray(start, end)])
      begun = []
      begunBytes = 0
      start = end + 1
    }
    if (start === chunk.length) continue
    // A copy: streams use their memory again.
    begun.push(Buffer.from(chunk.subarray(start)))
    begunBytes += chunk.length - start
    if (begunBytes > MAX_LINE_BYTES) {
      throw new UsageError(
        `a line has more than ${MAX_LINE_BYTES} bytes: use --raw for what is not made of lines`,
      )
    }
  }
  // The last one may have no end.
  if (begun.length > 0) yield Buffer.concat(begun)
}

function parsed(line: Uint8Array, number: number): unknown {
  const text = new TextDecoder().decode(line)
  try {
    return JSON.parse(text)
  } catch (cause) {
    const shown = JSON.stringify(text.slice(0, 60))
    throw new UsageError(`line ${number} is no JSON: ${shown} (--codec bytes sends lines as they are)`, {
      cause,
    })
  }
}
