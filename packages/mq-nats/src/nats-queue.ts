import { IpcError, type MessageQueue, msgpack } from '@ipc/core'
import { startWait } from '@ipc/core/internal'
import type { OpenOptions } from '@ipc/mq'
import { checkDurability, checkName, readerOf } from '@ipc/mq/internal'
import { type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { failure, isGone } from './failure.js'
import { JetQueue } from './jet-queue.js'
import { namesOf, type QueueNames } from './names.js'
import {
  deadStreamConfig,
  type NatsQueueSettings,
  type ResolvedNatsSettings,
  resolveNatsSettings,
  settingsOf,
  streamConfig,
} from './queue-config.js'
import { agreeOnConsumer } from './stream-consumer.js'

/** The first server whose consumers can be shared by name. */
const LEAST_VERSION = [2, 9] as const

/** How a queue on JetStream is opened. */
export interface NatsQueueOptions<T> extends Omit<OpenOptions<T>, 'create'> {
  /** Make the queue with these settings when it is not there. One that is there stays as it is. */
  readonly create?: NatsQueueSettings | undefined
}

/**
 * Open a queue whose messages are in a stream of a NATS server. The connection stays the caller's: the queue closes with it,
 * and not the other way around. While it reconnects, calls wait and consumers go on by themselves afterwards.
 *
 * @param connection - Made with `connect` of `@nats-io/transport-node`; give it `maxReconnectAttempts: -1`, or it gives up
 * after some twenty seconds.
 * @param name - 1 to 255 characters of any kind. The same name is the same queue, for every user of the NATS account.
 * @throws IpcError `IPC_CONNECT_FAILED` when there is no such queue, and `create` is not given; `IPC_NOT_SUPPORTED` when the server
 * has no JetStream, or more `durability` is wanted than it has; `IPC_VERSION_MISMATCH` when it is older than 2.9;
 * `IPC_PERMISSION_DENIED`; `IPC_OUT_OF_MEMORY` when it has no room for the queue; `IPC_TIMEOUT`; `IPC_ABORTED`; `IPC_CLOSED`.
 *
 * @example
 * ```ts
 * import { natsQueue } from '@ipc/mq-nats'
 * import { connect } from '@nats-io/transport-node'
 *
 * const connection = await connect({ servers: 'localhost:4222', maxReconnectAttempts: -1 })
 * const queue = await natsQueue<{ url: string }>(connection, 'jobs', { create: {} })
 * await queue.send({ url: 'https://example.org' })
 * await queue.close()
 * await connection.close()
 * ```
 */
export async function natsQueue<T>(
  connection: NatsConnection,
  name: string,
  options: NatsQueueOptions<T> = {},
): Promise<MessageQueue<T>> {
  checkName(name)
  const settings = options.create === undefined ? undefined : resolveNatsSettings(options.create)
  if (options.durability !== undefined) checkDurability(options.durability, 'disk')
  if (connection.isClosed()) throw new IpcError('IPC_CLOSED', 'the connection to the NATS server is closed')
  checkVersion(connection.info?.version)
  const { signal } = options
  if (signal?.aborted)
    throw new IpcError('IPC_ABORTED', `opening queue ${name} was aborted`, { cause: signal.reason })
  const wait = startWait<MessageQueue<T>>(`opening queue ${name}`, options, () => {})
  open(connection, name, settings, options).then(wait.resolve, (error: unknown) =>
    wait.reject(failure(`opening queue ${name}`, error)),
  )
  return wait.promise
}

async function open<T>(
  connection: NatsConnection,
  name: string,
  wanted: ResolvedNatsSettings | undefined,
  options: NatsQueueOptions<T>,
): Promise<MessageQueue<T>> {
  const names = namesOf(name)
  const manager = await jetstreamManager(connection, { checkAPI: false })
  const settings = (await find(manager, name, names)) ?? (await make(manager, name, names, wanted))
  const [consumer] = await Promise.all([
    agreeOnConsumer(manager, names.stream, settings),
    settings.maxDeadLetters > 0 ? manager.streams.add(deadStreamConfig(names, settings)) : undefined,
  ])
  if (options.durability !== undefined) {
    checkDurability(options.durability, settings.storage === 'file' ? 'os' : 'memory')
  }
  const codec = options.codec ?? msgpack<T>()
  const reader = readerOf(codec, options.schema)
  return new JetQueue<T>({
    connection,
    manager,
    name,
    names,
    settings,
    consumer: consumer.name,
    codec,
    reader,
  })
}

/** How a queue was made that is there. */
async function find(
  manager: JetStreamManager,
  name: string,
  { stream }: QueueNames,
): Promise<ResolvedNatsSettings | undefined> {
  try {
    const settings = settingsOf((await manager.streams.info(stream)).config)
    if (settings !== undefined) return settings
  } catch (error) {
    if (isGone(error)) return undefined
    throw error
  }
  throw new IpcError(
    'IPC_CONNECT_FAILED',
    `stream ${stream} is there and is no queue of @ipc/mq-nats: name queue ${name} otherwise, or remove the stream`,
  )
}

async function make(
  manager: JetStreamManager,
  name: string,
  names: QueueNames,
  settings: ResolvedNatsSettings | undefined,
): Promise<ResolvedNatsSettings> {
  if (settings === undefined) {
    throw new IpcError('IPC_CONNECT_FAILED', `there is no queue ${name}: make it with \`create\``)
  }
  try {
    await manager.streams.add(streamConfig(names, settings))
    return settings
  } catch (error) {
    // Somebody else may have made it at the same time, in another way.
    const found = await find(manager, name, names).catch(() => undefined)
    if (found === undefined) throw error
    return found
  }
}

/** @throws IpcError `IPC_VERSION_MISMATCH`. */
function checkVersion(version = '0.0.0'): void {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [leastMajor, leastMinor] = LEAST_VERSION
  if (major > leastMajor || (major === leastMajor && minor >= leastMinor)) return
  throw new IpcError(
    'IPC_VERSION_MISMATCH',
    `nats-server ${version} is too old: ${LEAST_VERSION.join('.')} or later is needed`,
    { details: { version } },
  )
}
