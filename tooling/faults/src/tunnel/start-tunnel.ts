import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { installPackages } from '@ipc/debian'
import { checkMs, checkWhole } from '../check-number.js'
import { LineChannel } from './line-channel.js'
import { tunnelObstacle } from './tunnel-obstacle.js'

/** What the network does to packets. */
export interface TunnelWeather {
  /** How long each is on its way. Default 0. */
  readonly delayMs?: number
  /** Of a hundred packets in each direction so many are lost. Default 0. */
  readonly lossPercent?: number
}

/** Options of {@link startTunnel}. */
export interface TunnelOptions extends TunnelWeather {
  /** Decides which packets are lost: a whole number that is not negative. */
  readonly seed: number
}

/** Packets so far, of both directions. */
export interface TunnelCounts {
  readonly passed: number
  readonly lost: number
}

/** One of both hosts. */
export type TunnelSide = 'a' | 'b'

/** Two network namespaces, which see nothing but each other. */
export interface Tunnel {
  readonly addressA: string
  readonly addressB: string
  /** Start a program on one side. It ends with the tunnel at the latest. */
  run(side: TunnelSide, command: readonly [string, ...string[]], options?: SpawnOptions): ChildProcess
  /** Change the delay, the loss, or both, for packets to come. */
  set(weather: TunnelWeather): Promise<TunnelCounts>
  /** From now on nothing arrives, and what is on its way is lost. */
  partition(): Promise<TunnelCounts>
  /** End the partition. */
  heal(): Promise<TunnelCounts>
  counts(): Promise<TunnelCounts>
  /** Resolves when the namespaces and everything in them are gone. */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>
}

interface Ready {
  readonly namespaces: readonly [string, string]
  readonly addresses: readonly [string, string]
  readonly error?: string
}

const SCRIPT = fileURLToPath(new URL('./tunnel.py', import.meta.url))

/**
 * Start a network of two hosts inside this one, for real TCP over a network that delays and loses packets. Without
 * netem, which many kernels lack: each packet passes a program. It removes all when this process ends, however that
 * happens.
 *
 * @throws Error when this machine or this user cannot have one; see {@link tunnelObstacle}.
 */
export async function startTunnel({ seed, ...weather }: TunnelOptions): Promise<Tunnel> {
  checkWhole('seed', seed, 0)
  const settings = { delayMs: 0, lossPercent: 0, ...checkWeather(weather), seed }
  const obstacle = await tunnelObstacle()
  if (obstacle !== undefined) throw new Error(`no tunnel: ${obstacle}`)
  await installPackages({ packages: ['iproute2', 'python3'], isThere: 'command -v ip && command -v python3' })
  // In a group of its own: it cleans up when this process ends, also when that is by a signal to the whole group.
  const program = spawn('python3', [SCRIPT, JSON.stringify(settings)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  const channel = new LineChannel(program)
  const ready = JSON.parse(await channel.next()) as Ready
  if (ready.error === undefined) return createTunnel(channel, ready, () => program.stdin.end())
  await channel.ended
  throw new Error(`no tunnel: ${ready.error}`)
}

function createTunnel(channel: LineChannel, { namespaces, addresses }: Ready, end: () => void): Tunnel {
  const change = async (settings: object): Promise<TunnelCounts> => {
    channel.write(JSON.stringify(settings))
    return JSON.parse(await channel.next()) as TunnelCounts
  }
  const stop = (): Promise<void> => {
    end()
    return channel.ended
  }
  return {
    addressA: addresses[0],
    addressB: addresses[1],
    run: (side, command, options = {}) =>
      spawn('ip', ['netns', 'exec', namespaces[side === 'a' ? 0 : 1], ...command], options),
    set: (weather) => change(checkWeather(weather)),
    partition: () => change({ partitioned: true }),
    heal: () => change({ partitioned: false }),
    counts: () => change({}),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function checkWeather(weather: TunnelWeather): TunnelWeather {
  const { delayMs = 0, lossPercent = 0 } = weather
  checkMs('delayMs', delayMs)
  if (!(lossPercent >= 0 && lossPercent <= 100)) {
    throw new RangeError(`lossPercent must be a number from 0 to 100, got ${lossPercent}`)
  }
  return weather
}
