import { describeQueue, type StartedProcess, startProcess } from '@ipc/conformance'
import type { Connection, MessageQueue } from '@ipc/core'
import { connectQueue, mqProcess } from '@ipc/mq'
import { CAPABILITIES as capabilities } from './fixtures/capabilities.js'
import { temporaryDirectory } from './fixtures/temporary-directory.js'

/** A process that has the directory open, and the way to it. */
interface Host {
  readonly started: StartedProcess
  readonly connection: Connection<unknown, unknown>
}

const directory = temporaryDirectory()
const program = new URL('./fixtures/host.ts', import.meta.url)
const hosts: (Promise<Host> | undefined)[] = [undefined, undefined, undefined]
const all: Promise<Host>[] = []
let turn = 0
let tests = 0

function start(): Promise<Host> {
  const host = startProcess(program, { args: [directory.path] }).then(async (started) => {
    return { started, connection: await mqProcess().connect<unknown, unknown>(started.child) }
  })
  all.push(host)
  return host
}

/** Each time another one of three. */
async function nextHost(): Promise<Host & { readonly at: number }> {
  const at = turn++ % hosts.length
  hosts[at] ??= start()
  return { ...(await hosts[at]), at }
}

describeQueue({
  name: 'mq-sqlite (three processes)',
  capabilities,
  severalHosts: true,
  async open(setup = {}) {
    const test = ++tests
    const opened: MessageQueue<unknown>[] = []
    const open = async ({ connection }: Host, name: string, create = {}): Promise<MessageQueue<unknown>> => {
      const queue = await connectQueue(connection, `${name}-${test}`, { create })
      opened.push(queue)
      return queue
    }
    const first = await nextHost()
    return {
      queue: await open(first, 'queue', setup),
      async another() {
        const host = await nextHost()
        const kill = async (): Promise<void> => {
          hosts[host.at] = undefined
          await host.started.kill()
          await host.connection.closed
        }
        return { queue: await open(host, 'queue'), kill }
      },
      sibling: (other = {}) => open(first, 'sibling', other),
      async dispose() {
        for (const queue of opened) await queue.close().catch(() => {})
      },
    }
  },
  async mortal() {
    const host = await start()
    const queue = await connectQueue<unknown>(host.connection, 'mortal', { create: {} })
    return { queue, kill: () => host.started.kill() }
  },
  async dispose() {
    for (const host of all) await (await host).started.kill()
    directory[Symbol.dispose]()
  },
})
