import type { Definitions, MessageTable, QueueStore } from '../queue-store.js'
import { MemoryTable } from './memory-table.js'

/**
 * Keeps the messages of queues in the memory of this process: they are gone with it. Every operation takes the same time
 * however many messages wait, or grows with their logarithm.
 */
export function memoryStore(): QueueStore {
  return new MemoryStore()
}

class MemoryStore implements QueueStore {
  readonly durability = 'memory'
  readonly definitions: Definitions = new Map<string, string>()
  readonly #tables = new Map<string, MessageTable>()
  #lastId = 0

  table(queue: string): MessageTable {
    let table = this.#tables.get(queue)
    if (table === undefined) {
      table = new MemoryTable()
      this.#tables.set(queue, table)
    }
    return table
  }

  nextId(): number {
    return ++this.#lastId
  }

  nextOwner(): number {
    return ++this.#lastId
  }

  begin(): boolean {
    return false
  }

  commit(): void {}

  sync(): void {}

  close(): void {
    this.#tables.clear()
  }
}
