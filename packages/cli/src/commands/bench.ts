import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Argument } from 'commander'
import { type AddCommand, type Context, command, jsonOption } from '../command.js'
import { UsageError } from '../exit-codes.js'
import { BENCH_CODEC, servePeer } from '../gather/bench-peer.js'
import { measureTransport, type TransportFigures } from '../gather/measure-transport.js'
import { grouped } from '../render/figures.js'
import { numeric, tableOf } from '../render/table.js'
import { reach } from '../wire/address.js'

interface BenchOptions {
  readonly seconds: number
  readonly json?: boolean
}

/** Addresses in a directory of the measurement's own. */
const ADDRESSES: Readonly<Record<string, (directory: string) => string>> = {
  shm: () => 'shm:bench',
  unix: (directory) => `unix:${join(directory, 'bench.sock')}`,
  tcp: () => 'tcp://127.0.0.1:0',
}

/** `ipc bench`, and the process at the other end. */
export const addBench: AddCommand = (program, context) => {
  program.addCommand(
    command(
      'bench',
      'Measure, between two processes of this machine, what shared memory, Unix sockets and TCP do: set-up, round trips, ' +
        'messages of 64 bytes and of 64 KiB. Some seconds each; a machine that does something else meanwhile shows it.',
      [
        'ipc bench',
        'ipc bench shm unix --seconds 2',
        'ipc bench --json | jq ".transports[] | .roundTripP50Micros"',
      ],
    )
      .addArgument(new Argument('[transports...]', 'which').choices(Object.keys(ADDRESSES)))
      .option('--seconds <n>', 'length of each phase', secondsOf, 1)
      .addOption(jsonOption('one JSON document: node, cpu, cores, transports'))
      .action((names: readonly string[], options: BenchOptions) => run(context, names, options)),
  )
  program.command('__bench-peer <address> <directory>', { hidden: true }).action(answer)
}

function secondsOf(text: string): number {
  const seconds = Number(text)
  if (seconds >= 0.01 && seconds <= 60) return seconds
  throw new UsageError(`--seconds must be a number from 0.01 to 60, got ${JSON.stringify(text)}`)
}

async function run({ output }: Context, names: readonly string[], options: BenchOptions): Promise<void> {
  const transports: TransportFigures[] = []
  for (const name of names.length === 0 ? Object.keys(ADDRESSES) : names) {
    transports.push(await measure(name, options.seconds))
  }
  const machine = { node: process.version, cpu: cpus()[0]?.model, cores: cpus().length }
  if (options.json) return output.document({ ...machine, seconds: options.seconds, transports })
  const head = [
    numeric('SET-UP ms'),
    numeric('ROUND TRIP us'),
    numeric('p99'),
    numeric('64 B /s'),
    numeric('64 KiB MB/s'),
  ]
  const rows = transports.map((figures) => [
    figures.transport,
    figures.setUpMs.toFixed(2),
    figures.roundTripP50Micros.toFixed(1),
    figures.roundTripP99Micros.toFixed(1),
    grouped(figures.messagesPerSecond64B),
    grouped(figures.megabytesPerSecond64KiB),
  ])
  output.text(tableOf(['TRANSPORT', ...head], rows, output.columns))
  output.text(`Node ${machine.node}, ${machine.cores} × ${machine.cpu}`)
}

async function measure(name: string, seconds: number): Promise<TransportFigures> {
  // Shared memory belongs in memory.
  const directory = mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'ipc-bench-'))
  const address = (ADDRESSES[name] as (directory: string) => string)(directory)
  const peer = startPeer(address, directory)
  try {
    const { transport, address: at } = reach(await addressOf(peer), { dir: directory })
    const connect = (): ReturnType<typeof transport.connect<Uint8Array>> =>
      transport.connect<Uint8Array>(at, { codec: BENCH_CODEC })
    return await measureTransport(name, connect, seconds)
  } finally {
    peer.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  }
}

function startPeer(address: string, directory: string): ChildProcess {
  // In sources a level up, and in another language.
  const isSource = import.meta.url.endsWith('.ts')
  const program = fileURLToPath(new URL(isSource ? '../cli.ts' : './cli.js', import.meta.url))
  return spawn(process.execPath, [...process.execArgv, program, '__bench-peer', address, directory], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
}

/** Where it listens. */
async function addressOf(peer: ChildProcess): Promise<string> {
  const [line] = await Promise.race([
    once(peer.stdout as NodeJS.EventEmitter, 'data'),
    once(peer, 'exit').then(([code]) => {
      throw new Error(`the process at the other end has ended with ${code}`)
    }),
  ])
  return String(line).trim()
}

/** The process at the other end: it lives as long as the one that measures. */
async function answer(address: string, directory: string): Promise<void> {
  process.stdin.resume().once('close', () => process.exit())
  const { transport, address: at } = reach(address, { dir: directory })
  const listener = await transport.listen<Uint8Array>(at, { codec: BENCH_CODEC })
  process.stdout.write(`${address.startsWith('shm:') ? address : listener.address}\n`)
  for await (const connection of listener) void servePeer(connection)
}
