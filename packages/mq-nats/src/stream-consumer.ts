import type { ConsumerInfo, JetStreamManager } from '@nats-io/jetstream'
import { nuid } from '@nats-io/transport-node'
import type { ConnectionWatch } from './connection-watch.js'
import { isGone, isTaken } from './failure.js'
import { consumerConfig, type ResolvedNatsSettings } from './queue-config.js'

/** Each one after the first: somebody else was quicker, and is not there either. */
const MAX_TRIES = 5
const PREFIX = 'ipc-'

/** What a {@link StreamConsumer} is made of. */
export interface StreamConsumerInit {
  readonly manager: JetStreamManager
  readonly watch: ConnectionWatch
  readonly stream: string
  readonly settings: ResolvedNatsSettings
  readonly name: string
  /** There is another one now, which delivers everything that is in the stream. */
  onRenewed(): void
}

/**
 * The consumer of a queue's stream, which all its receivers share. Only the server's memory knows it. When that server is gone,
 * another one is made, for which every message in the stream is new: the stream alone tells what is acknowledged.
 *
 * A consumer in a file is from another moment than the stream when a server was killed. nats-server 2.9 goes back in the numbers of
 * the stream then, and passes over all new messages up to where its consumer was; or it waits for acknowledgements of what is
 * gone. Neither can be seen from outside while messages come and go.
 *
 * No two have the same name. So an acknowledgement of what an earlier one has delivered reaches nobody, when its number may be
 * that of another message by now.
 */
export class StreamConsumer {
  readonly #init: StreamConsumerInit
  #name: string
  #renewal: Promise<ConsumerInfo | undefined> | undefined

  constructor(init: StreamConsumerInit) {
    this.#init = init
    this.#name = init.name
  }

  /** Where messages are asked for. */
  get nextSubject(): string {
    return `$JS.API.CONSUMER.MSG.NEXT.${this.#init.stream}.${this.#name}`
  }

  /**
   * What the server says about it, which looks through the requests that wait for messages meanwhile. Makes another one when it
   * is gone.
   *
   * @returns Nothing when the connection was cut.
   * @throws Error for which `isGone` is true when there is no stream either.
   */
  async look(): Promise<ConsumerInfo | undefined> {
    const { manager, watch, stream } = this.#init
    const name = this.#name
    try {
      return await watch.unlessCut(manager.consumers.info(stream, name))
    } catch (error) {
      if (!isGone(error)) throw error
    }
    if (name !== this.#name) return this.look()
    this.#renewal ??= this.#renew().finally(() => {
      this.#renewal = undefined
    })
    return this.#renewal
  }

  async #renew(): Promise<ConsumerInfo | undefined> {
    const { manager, watch, stream, settings, onRenewed } = this.#init
    const info = await watch.unlessCut(agreeOnConsumer(manager, stream, settings))
    if (info === undefined || info.name === this.#name) return info
    this.#name = info.name
    onRenewed()
    return info
  }
}

/** The consumer of a stream. Who comes first makes it: the server takes one only, and the others find it. */
export async function agreeOnConsumer(
  manager: JetStreamManager,
  stream: string,
  settings: ResolvedNatsSettings,
): Promise<ConsumerInfo> {
  for (let tries = 1; ; tries++) {
    const consumers = await manager.consumers.list(stream).next()
    const found = consumers.find(({ name }) => name.startsWith(PREFIX))
    if (found !== undefined) return found
    try {
      return await manager.consumers.add(stream, consumerConfig(settings, PREFIX + nuid.next()))
    } catch (error) {
      if (!isTaken(error) || tries === MAX_TRIES) throw error
    }
  }
}
