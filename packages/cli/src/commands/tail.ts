import { setTimeout as sleep } from 'node:timers/promises'
import { inspectRegion, type RingTail, type TailedRecord } from '@ipc/shm/inspect'
import { Option } from 'commander'
import {
  type AddCommand,
  type Context,
  command,
  directoryOption,
  jsonOption,
  limitOption,
  type PlaceOptions,
} from '../command.js'
import { NotFoundError, UsageError } from '../exit-codes.js'
import { bytesOf } from '../render/figures.js'
import { jsonValue } from '../terminal.js'
import { decoderOf } from '../wire/message-format.js'
import { textOf, textOrBytes } from '../wire/shown-payload.js'

interface TailOptions extends PlaceOptions {
  readonly from: 'latest' | 'oldest'
  readonly count: number
  readonly codec: string
  readonly raw?: boolean
}

/** Pauses between two looks. */
const PAUSE_MS = 5
/** A look is followed by a pause of so many times the time of a core that it took: the ring's own processes need the cores. */
const REST = 50
/** No look is longer: what is written meanwhile would be gone. */
const LOOK_MS = 5
const TELL_MS = 1000

/** `ipc tail NAME [RING]` */
export const addTail: AddCommand = (program, context) => {
  program.addCommand(
    command(
      'tail',
      'Print the records of a ring as they are written, without being one of its consumers: neither side notices. ' +
        'Takes at most a fiftieth of a core: of a ring that is too fast for that, records are left out, which standard error tells.',
      [
        'ipc tail log',
        'ipc tail prices ticks --codec msgpack --count 10',
        'ipc tail frames --raw > frames.bin',
      ],
    )
      .argument('<name>', 'a region')
      .argument('[ring]', 'a ring in it, if there are several')
      .addOption(
        new Option('--from <place>', 'begin with what is written from now on, or with what is not read yet')
          .choices(['latest', 'oldest'])
          .default('latest'),
      )
      .addOption(limitOption('--count', 'end after so many records'))
      .addOption(
        new Option(
          '--codec <name>',
          'what payloads are; auto: text, or the first bytes in hexadecimal digits',
        )
          .choices(['auto', 'json', 'msgpack'])
          .default('auto'),
      )
      .option('--raw', 'payloads only, byte for byte, with nothing between them')
      .addOption(directoryOption())
      .addOption(jsonOption('one line of JSON for each record: position, sequence, kind, payload'))
      .action((name: string, ring: string | undefined, options: TailOptions) =>
        run(context, name, ring, options),
      ),
  )
}

async function run(
  { output, terminal }: Context,
  name: string,
  ring: string | undefined,
  options: TailOptions,
): Promise<void> {
  if (options.raw && options.json) throw new UsageError('--raw and --json exclude each other')
  const region = inspectRegion(name, { directory: options.dir })
  try {
    const tail = region.tail(ring ?? onlyRing(name, region.snapshot().objects), options.from)
    const format = formatOf(options)
    let left = options.count
    const losses = new Losses(tail, (text) => output.note(text))
    while (true) {
      const startMs = performance.now()
      const used = process.cpuUsage()
      for (let record = tail.next(); record !== undefined; record = tail.next()) {
        await output.write(format(record))
        if (--left === 0) return losses.tell()
        if (performance.now() - startMs > LOOK_MS) break
      }
      losses.tellIfDue()
      if (!region.isCurrent) return output.note(`region ${name} was removed`)
      const { user, system } = process.cpuUsage(used)
      await sleep(PAUSE_MS + (REST * (user + system)) / 1000, undefined, { signal: terminal.signal })
    }
  } finally {
    region.close()
  }
}

function onlyRing(
  region: string,
  objects: readonly { readonly kind: string; readonly name: string }[],
): string {
  const rings = objects.filter(({ kind }) => kind === 'spsc' || kind === 'mpsc' || kind === 'broadcast')
  const [first, ...others] = rings.map(({ name }) => name)
  if (first === undefined) throw new NotFoundError(`there is no ring in region ${region}`)
  if (others.length === 0) return first
  throw new UsageError(`region ${region} has several rings, name one: ${[first, ...others].join(', ')}`)
}

function formatOf({ raw, json, codec }: TailOptions): (record: TailedRecord) => string | Uint8Array {
  if (raw) return ({ payload }) => payload
  const decode = codec === 'auto' ? undefined : decoderOf(codec)
  if (json) {
    return (record) => {
      const payload =
        decode === undefined ? (textOf(record.payload) ?? record.payload) : decode(record.payload)
      return `${JSON.stringify({ ...record, payload }, jsonValue)}\n`
    }
  }
  return ({ payload }) =>
    `${decode === undefined ? textOrBytes(payload) : JSON.stringify(decode(payload), jsonValue)}\n`
}

/** Says how much was left out: at most once a second, and in the end. */
class Losses {
  readonly #tail: RingTail
  readonly #note: (text: string) => void
  #told = 0
  #toldAt = 0

  constructor(tail: RingTail, note: (text: string) => void) {
    this.#tail = tail
    this.#note = note
  }

  tellIfDue(): void {
    if (performance.now() - this.#toldAt >= TELL_MS) this.tell()
  }

  tell(): void {
    const { lostBytes } = this.#tail
    if (lostBytes > this.#told) this.#note(`left out ${bytesOf(lostBytes - this.#told)} of the ring`)
    this.#told = lostBytes
    this.#toldAt = performance.now()
  }
}
