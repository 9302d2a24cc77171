import type { Durability } from '@ipc/core'
import type { QueueEvent } from './commands.js'

/** Events that wait to be told, by how safe what they tell of has to be first. */
export class Outbox {
  readonly #events: Record<Durability, QueueEvent[]> = { memory: [], os: [], disk: [] }

  get waitsForDisk(): boolean {
    return this.#events.disk.length > 0
  }

  /** Returns whether it is the only one. */
  add(event: QueueEvent, durability: Durability): boolean {
    const { memory, os, disk } = this.#events
    const isFirst = memory.length + os.length + disk.length === 0
    this.#events[durability].push(event)
    return isFirst
  }

  take(reached: Durability): QueueEvent[] {
    const events = this.#events[reached]
    this.#events[reached] = []
    return events
  }
}
