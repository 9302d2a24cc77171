import { type Connection, isIpcError } from '@ipc/core'
import { type AddCommand, type Context, command, jsonOption, limitOption } from '../command.js'
import { UsageError } from '../exit-codes.js'
import { jsonValue } from '../terminal.js'
import { ADDRESSES, addReachOptions } from '../wire/address.js'
import { openPeer, type PeerOptions } from '../wire/open-connection.js'
import { textOf } from '../wire/shown-payload.js'
import { codecOption, timeoutOption } from './send.js'

interface ReceiveOptions extends PeerOptions {
  readonly raw?: boolean
  readonly json?: boolean
  readonly keepOpen?: boolean
  readonly count: number
}

/** `ipc receive ADDRESS` */
export const addReceive: AddCommand = (program, context) => {
  const receive = command(
    'receive',
    'Print the messages of a peer, each in a line: as it is, or with --codec json or msgpack as a JSON text. Ends when the ' +
      'peer closes. Who reads slowly here makes the sender wait.',
    [
      'ipc receive shm:log --listen',
      'ipc receive tcp://127.0.0.1:0 --listen --keep-open --json',
      'ipc receive unix:/run/me/files.sock --raw > file',
    ],
  )
    .argument('<address>', ADDRESSES)
    .option('--listen', 'wait for the peer to connect, instead of connecting')
    .option('--keep-open', 'with --listen: go on with the next peer when one has closed')
    .option('--raw', 'messages byte for byte, with nothing between them')
    .addOption(limitOption('--count', 'end after so many messages'))
    .addOption(codecOption())
    .addOption(timeoutOption())
  program.addCommand(
    addReachOptions(receive)
      .addOption(jsonOption('one line of JSON for each message: message'))
      .action((address: string, options: ReceiveOptions) => run(context, address, options)),
  )
}

async function run({ terminal, output }: Context, address: string, options: ReceiveOptions): Promise<void> {
  if (options.raw && (options.json || options.codec !== 'bytes')) {
    throw new UsageError('--raw prints bytes: it goes with neither --json nor another --codec')
  }
  if (options.keepOpen && !options.listen) throw new UsageError('--keep-open goes with --listen')
  const { signal } = terminal
  const peer = await openPeer(address, options, { output, signal })
  const format = formatOf(options)
  let left = options.count
  try {
    for (let connection = peer.connection; ; connection = await peer.next()) {
      left = await printAll(connection, left, (message) => output.write(format(message)), signal)
      if (left === 0 || !options.keepOpen) return
    }
  } finally {
    await peer.close()
  }
}

/** Returns how many are left to be printed. */
async function printAll(
  connection: Connection,
  count: number,
  print: (message: unknown) => Promise<void>,
  signal: AbortSignal,
): Promise<number> {
  let left = count
  try {
    while (left > 0) {
      await print(await connection.receive({ signal }))
      left--
    }
    await connection.close({ signal })
  } catch (error) {
    // Of this side it is the end of the loop.
    if (!isIpcError(error, 'IPC_CLOSED')) throw error
  } finally {
    connection.abort()
  }
  return left
}

function formatOf({ raw, json, codec }: ReceiveOptions): (message: unknown) => string | Uint8Array {
  if (raw) return (message) => message as Uint8Array
  if (json) {
    return (message) =>
      `${JSON.stringify({ message: codec === 'bytes' ? textIfAny(message as Uint8Array) : message }, jsonValue)}\n`
  }
  if (codec !== 'bytes') return (message) => `${JSON.stringify(message, jsonValue)}\n`
  return (message) => Buffer.concat([message as Uint8Array, LINE_FEED])
}

const LINE_FEED = Buffer.from('\n')

function textIfAny(message: Uint8Array): string | Uint8Array {
  return textOf(message) ?? message
}
