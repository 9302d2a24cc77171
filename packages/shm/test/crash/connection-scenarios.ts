import { type Connection, isIpcError, type Listener, shm } from '@ipc/shm'
import type { Death, Victim } from '@ipc/faults/crash'
import { check, type Operations, type Place, type Scenario, type Survivors, WATCHDOG_MS } from './scenario.js'

const NAME = 'peer'
const MESSAGES = 8
/** Larger than a record may be: sent in fragments. */
const LARGE = 'x'.repeat(12_000)

interface ConnectArgs {
  readonly directory: string
}

interface Numbered {
  readonly number: number
  readonly text: string
}

function transportIn(directory: string): ReturnType<typeof shm> {
  return shm({ directory, ringBytes: 16_384 })
}

const options = { timeoutMs: WATCHDOG_MS } as const

function message(number: number): Numbered {
  return { number, text: number % 4 === 3 ? LARGE : `message ${number}` }
}

/** Operations of victims that connect and listen. */
export const connecting: Operations = {
  connect: ({ directory }: ConnectArgs) => {
    return () => transportIn(directory).connect<Numbered, Numbered>(NAME, options)
  },
  'listen and accept': ({ directory }: ConnectArgs) => {
    return async () => {
      const listener = await transportIn(directory).listen<Numbered, Numbered>(NAME)
      await listener.accept(options)
    }
  },
  'stop listening': async ({ directory }: ConnectArgs) => {
    const listener = await transportIn(directory).listen<Numbered, Numbered>(NAME)
    return () => listener.close()
  },
  send: async ({ directory }: ConnectArgs) => {
    const connection = await transportIn(directory).connect<Numbered, Numbered>(NAME, options)
    return async () => {
      for (let number = 0; number < MESSAGES; number++) connection.send(message(number))
      await connection.drained()
      await connection.close()
    }
  },
  receive: async ({ directory }: ConnectArgs) => {
    const connection = await transportIn(directory).connect<Numbered, Numbered>(NAME, options)
    return async () => {
      for (let number = 0; number < MESSAGES; number++) {
        const { number: found } = await connection.receive(options)
        check(found === number, `message ${found} came instead of ${number}`)
      }
      await connection.close()
    }
  },
}

/** Listens; the victim connects. */
class ListeningSurvivor implements Survivors {
  readonly place: Place
  readonly #listener: Listener<Numbered, Numbered>

  constructor(place: Place, listener: Listener<Numbered, Numbered>) {
    this.place = place
    this.#listener = listener
    place.atEnd(() => listener.close())
  }

  prepare(): ConnectArgs {
    return { directory: this.place.directory }
  }

  async settle(death: Death): Promise<string> {
    // Somebody else connects; what was accepted of the victim before comes first, and is over.
    const mine = await transportIn(this.place.directory).connect<Numbered, Numbered>(NAME, options)
    let outcome = 'not connected'
    while (true) {
      const accepted = await this.#listener.accept(options)
      if (await isOther(mine, accepted)) break
      outcome = await this.see(accepted, death)
    }
    const left = this.place.files().filter((file) => file.endsWith('.pair'))
    check(left.length === 0, `left behind: ${left.join(', ')}`)
    return outcome
  }

  /** What a connection to the victim came to. */
  async see(accepted: Connection<Numbered, Numbered>, _death: Death): Promise<string> {
    const { code } = await accepted.closed
    check(code === 'IPC_PEER_LOST', `ended with ${code}`)
    return 'connected, IPC_PEER_LOST'
  }
}

/** Whether the two are the ends of one connection, on which messages arrive. Both are closed then. */
async function isOther(
  mine: Connection<Numbered, Numbered>,
  accepted: Connection<Numbered, Numbered>,
): Promise<boolean> {
  mine.send({ number: -1, text: 'survivor' })
  let first: Numbered | undefined
  try {
    first = await accepted.receive(options)
  } catch (error) {
    check(isIpcError(error), `a connection failed: ${String(error)}`)
    check(error.code === 'IPC_PEER_LOST' || error.code === 'IPC_CLOSED', `a connection failed: ${error.code}`)
    return false
  }
  if (first.number !== -1) return false
  await Promise.all([mine.close(), accepted.close()])
  return true
}

export const connectionScenarios: readonly Scenario[] = []
void ListeningSurvivor
export type { Victim }
