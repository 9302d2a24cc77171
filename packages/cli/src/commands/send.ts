import { type Connection, IpcError } from '@ipc/core'
import { Option } from 'commander'
import { type AddCommand, type Context, command, jsonOption, limitOption } from '../command.js'
import { UsageError } from '../exit-codes.js'
import { ADDRESSES, addReachOptions } from '../wire/address.js'
import { CODEC_NAMES } from '../wire/message-format.js'
import { messagesIn } from '../wire/messages-in.js'
import { openPeer, type PeerOptions } from '../wire/open-connection.js'

interface SendOptions extends PeerOptions {
  readonly raw?: boolean
  readonly json?: boolean
}

/** `ipc send ADDRESS` */
export const addSend: AddCommand = (program, context) => {
  const send = command(
    'send',
    'Send standard input to a peer: each line is a message, without its end. With --codec json or msgpack each line is a ' +
      'JSON text, sent as the value it is. Ends when the peer has all of it.',
    [
      'cat log.txt | ipc send shm:log',
      'echo \'{"id":1}\' | ipc send tcp://127.0.0.1:7000 --codec msgpack',
      'ipc send unix:/run/me/files.sock --raw < file',
    ],
  )
    .argument('<address>', ADDRESSES)
    .option('--listen', 'wait for the peer to connect, instead of connecting')
    .option('--raw', 'each chunk of bytes is a message: for what is not made of lines')
    .addOption(codecOption())
    .addOption(timeoutOption())
  program.addCommand(
    addReachOptions(send)
      .addOption(jsonOption('one JSON document in the end: messages, bytes'))
      .action((address: string, options: SendOptions) => run(context, address, options)),
  )
}

/** Which codec a peer has. */
export function codecOption(): Option {
  return new Option('--codec <name>', 'how messages become bytes; the peer needs the same')
    .choices(CODEC_NAMES)
    .default('bytes')
}

/** How long a peer may take to be there. */
export function timeoutOption(): Option {
  return limitOption('--timeout', 'wait for the peer to be there, and give up after this time')
}

async function run({ terminal, output }: Context, address: string, options: SendOptions): Promise<void> {
  if (options.raw && options.codec !== 'bytes') {
    throw new UsageError(`--raw sends bytes: it does not go with --codec ${options.codec}`)
  }
  const { signal } = terminal
  const peer = await openPeer(address, options, { output, signal })
  const { connection } = peer
  try {
    await Promise.race([sendAll(connection, options, terminal.stdin, signal), failed(connection)])
    await connection.close({ signal })
    const { messagesSent: messages, bytesSent: bytes } = connection.stats()
    if (options.json) output.document({ messages, bytes })
  } finally {
    connection.abort()
    await peer.close()
  }
}

async function sendAll(
  connection: Connection,
  options: SendOptions,
  stdin: Context['terminal']['stdin'],
  signal: AbortSignal,
): Promise<void> {
  for await (const message of messagesIn(stdin, options)) {
    if (!connection.send(message)) await connection.drained({ signal })
  }
}

/** Rejects when the connection ends while standard input has more: nobody would notice before the next line. */
async function failed(connection: Connection): Promise<never> {
  const { error, by } = await connection.closed
  if (error !== undefined) throw error
  if (by === 'remote')
    throw new IpcError('IPC_PEER_LOST', 'the peer has closed before it had all of the input')
  return new Promise(() => {})
}
