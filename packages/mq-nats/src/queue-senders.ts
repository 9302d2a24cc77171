import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream'
import type { QueueNames } from './names.js'
import type { ResolvedNatsSettings } from './queue-config.js'
import { type Room, RoomBudget } from './room-budget.js'
import { Sender, type SenderInit } from './sender.js'

/** What {@link makeSenders} needs. */
export interface QueueSendersInit extends Pick<SenderInit, 'connection' | 'watch' | 'replies' | 'name'> {
  readonly manager: JetStreamManager
  readonly names: QueueNames
  readonly settings: ResolvedNatsSettings
}

/** What puts messages into the stream of a queue, and into the one of its dead letters. */
export function makeSenders({ manager, names, settings, ...common }: QueueSendersInit): {
  readonly sender: Sender
  readonly burying: Sender
} {
  const { watch } = common
  const { whenFull, maxBytes, maxMessages } = settings
  const look = (stream: string): Promise<StreamInfo | undefined> =>
    watch.unlessCut(manager.streams.info(stream))
  const room = async (): Promise<Room | undefined> => {
    const state = (await look(names.stream))?.state
    if (state === undefined) return undefined
    const { messages, bytes, last_seq } = state
    return { messages: maxMessages - messages, bytes: maxBytes - bytes, lastSeq: last_seq }
  }
  return {
    sender: new Sender({
      ...common,
      subject: names.subject,
      waits: whenFull === 'wait',
      budget: whenFull === 'drop-oldest' ? undefined : new RoomBudget(room),
      look: () => look(names.stream),
    }),
    burying: new Sender({
      ...common,
      subject: names.deadSubject,
      waits: false,
      budget: undefined,
      look: () => look(names.deadStream),
    }),
  }
}
