import type { MessageQueue } from '@ipc/core'
import { IN_MEMORY, type QueueHarness, type QueueSetup } from '../src/index.js'
import { QueueModel } from '../src/queue/queue-model.js'
import { ReferenceHost, ReferenceQueue } from '../src/queue/reference-queue.js'

/** What a variant of the reference queue changes. */
export interface QueueChanges {
  readonly makeModel?: (settings: QueueModel['settings']) => QueueModel
  readonly queue?: (real: MessageQueue<unknown>) => MessageQueue<unknown>
}

/** The reference queue as a harness. */
export function referenceHarness(
  name: string,
  { makeModel = (settings) => new QueueModel(settings), queue = (real) => real }: QueueChanges = {},
): QueueHarness {
  return {
    name,
    capabilities: IN_MEMORY,
    async open(setup = {}) {
      const hosts: ReferenceHost[] = []
      const host = (own: QueueSetup): ReferenceHost => {
        const made = new ReferenceHost(own, makeModel)
        hosts.push(made)
        return made
      }
      const main = host(setup)
      return {
        queue: queue(new ReferenceQueue(main)),
        another: async () => ({ queue: queue(new ReferenceQueue(main)) }),
        // As it is: transactions look into it.
        sibling: async (own = {}) => new ReferenceQueue(host(own)),
        async dispose() {
          for (const each of hosts) each.stop()
        },
      }
    },
  }
}
