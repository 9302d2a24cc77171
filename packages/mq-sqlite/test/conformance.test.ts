import { describeQueue } from '@ipc/conformance'
import { openQueue } from '@ipc/mq-sqlite'
import { CAPABILITIES as capabilities } from './fixtures/capabilities.js'
import { temporaryDirectory } from './fixtures/temporary-directory.js'

const directory = temporaryDirectory()
let tests = 0

describeQueue({
  name: 'mq-sqlite (one process)',
  capabilities,
  async open(setup = {}) {
    const test = ++tests
    const open = (name: string, create = {}) => openQueue(directory.path, `${name}-${test}`, { create })
    // Keeps the writer, so that each test need not start one.
    keeper ??= openQueue(directory.path, 'keeper')
    await keeper
    const queues = [await open('queue', setup)]
    const add = async (queue: ReturnType<typeof open>) => {
      const opened = await queue
      queues.push(opened)
      return opened
    }
    return {
      queue: queues[0]!,
      another: async () => ({ queue: await add(open('queue')) }),
      sibling: (other = {}) => add(open('sibling', other)),
      dispose: async () => {
        for (const queue of queues) await queue.close()
      },
    }
  },
  async dispose() {
    await (await keeper)?.close()
    directory[Symbol.dispose]()
  },
})

let keeper: ReturnType<typeof openQueue> | undefined
