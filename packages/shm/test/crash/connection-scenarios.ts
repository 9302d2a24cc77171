import type { Death, Victim } from '@ipc/faults/crash'
import { type Connection, isIpcError, type Listener, shm } from '@ipc/shm'
import { until } from '../fixtures/until-parked.js'
import { check, type Operations, type Place, type Scenario, type Survivors, WATCHDOG_MS } from './scenario.js'

const NAME = 'peer'
const MESSAGES = 8
/** Larger than a record may be: sent in fragments. */
const LARGE: string = 'x'.repeat(12_000)

export interface ConnectArgs {
  readonly directory: string
}

export interface Numbered {
  readonly number: number
  readonly text: string
}

type ShmTransport = ReturnType<typeof shm>

function transportIn(directory: string): ShmTransport {
  return shm({ directory, ringBytes: 16_384 })
}

const ECHO = -1
const ECHOED = 'echoed'
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

/** Nobody: a dead listener, or one that never began. */
async function isNobodyThere(transport: ShmTransport): Promise<boolean> {
  try {
    const connection = await transport.connect(NAME, options)
    connection.abort()
    return false
  } catch (error) {
    check(isIpcError(error, 'IPC_CONNECT_FAILED'), `connecting to nobody failed with ${String(error)}`)
    return true
  }
}

export type Meet = (connection: Connection<Numbered, Numbered>) => Promise<string>

/** Listens; victims connect, send and receive. */
export class ListeningSurvivor implements Survivors {
  readonly #place: Place
  readonly #transport: ShmTransport
  readonly #listener: Listener<Numbered, Numbered>
  /** What the survivor does with a connection of the victim, until it has ended. */
  readonly #meet: Meet
  #outcomes: Promise<string>[] = []

  private constructor(place: Place, listener: Listener<Numbered, Numbered>, meet: Meet) {
    this.#place = place
    this.#transport = transportIn(place.directory)
    this.#listener = listener
    this.#meet = meet
  }

  static async begin(place: Place, meet: Meet): Promise<ListeningSurvivor> {
    place.open()
    const listener = await transportIn(place.directory).listen<Numbered, Numbered>(NAME)
    place.atEnd(() => listener.close())
    const survivor = new ListeningSurvivor(place, listener, meet)
    void survivor.#acceptAll()
    return survivor
  }

  prepare(): ConnectArgs {
    this.#outcomes = []
    return { directory: this.#place.directory }
  }

  async settle({ step }: Death): Promise<string> {
    // Somebody else connects after it, and is served.
    const other = await this.#transport.connect<Numbered, Numbered>(NAME, options)
    other.send({ number: ECHO, text: 'survivor' })
    while ((await other.receive(options)).number !== ECHO);
    await other.close()
    await other.closed
    await until(() => this.#pairs().length === 0, 'nothing of the set-up is left behind')
    const [outcome = 'not connected', ...more] = (await Promise.all(this.#outcomes)).filter(
      (one) => one !== ECHOED,
    )
    check(more.length === 0, `the victim has connected ${1 + more.length} times`)
    if (step === undefined) check(outcome !== 'not connected', 'one who ended in order was not connected')
    return outcome
  }

  async #acceptAll(): Promise<void> {
    for await (const connection of this.#listener) {
      const outcome = this.#serve(connection)
      this.#outcomes.push(outcome)
      // `settle` hears of it.
      outcome.catch(() => {})
    }
  }

  async #serve(connection: Connection<Numbered, Numbered>): Promise<string> {
    // Messages of the one who comes after it are sent back.
    let isEcho = false
    const stop = connection.intercept((message) => {
      if (message.number !== ECHO) return false
      isEcho = true
      connection.send(message)
      return true
    })
    try {
      const outcome = await this.#meet(connection)
      return isEcho ? ECHOED : outcome
    } catch (error) {
      if (isEcho) return ECHOED
      throw error
    } finally {
      stop()
    }
  }

  #pairs(): string[] {
    return this.#place.files().filter((file) => file.endsWith('.pair'))
  }
}

/** How a connection ended whose peer may have died. */
async function endOf({ closed }: Connection<Numbered, Numbered>): Promise<string> {
  const { by, code } = await closed
  if (by === 'remote' && code === undefined) return 'closed'
  check(code === 'IPC_PEER_LOST', `the connection ended with ${code}`)
  return 'IPC_PEER_LOST'
}

/** Messages of the victim come in order, each once and whole, up to where it died. */
export async function takeAll(connection: Connection<Numbered, Numbered>): Promise<string> {
  let came = 0
  connection.onMessage(({ number, text }) => {
    check(number === came, `message ${number} came instead of ${came}`)
    check(text === message(number).text, `message ${number} is torn`)
    came++
  })
  const end = await endOf(connection)
  if (end === 'closed') check(came === MESSAGES, `only ${came} messages came of one who closed`)
  return came === MESSAGES ? `everything came, ${end}` : `some came, ${end}`
}

async function giveAll(connection: Connection<Numbered, Numbered>): Promise<string> {
  for (let number = 0; number < MESSAGES; number++) connection.send(message(number))
  return endOf(connection)
}

/** Listens and dies; the next one listens on the same name. */
export class NextListener implements Survivors {
  readonly #place: Place
  readonly #transport: ShmTransport

  constructor(place: Place) {
    place.open()
    this.#place = place
    this.#transport = transportIn(place.directory)
  }

  prepare(): ConnectArgs {
    return { directory: this.#place.directory }
  }

  async during({ began, death }: Victim): Promise<void> {
    await began
    // One that is there to be accepted, if the victim comes so far.
    const dead = death.then(
      () => true,
      () => true,
    )
    while (!(await Promise.race([dead, new Promise<false>((resolve) => setImmediate(resolve, false))]))) {
      const connection = await this.#transport
        .connect<Numbered, Numbered>(NAME, options)
        .catch(() => undefined)
      if (connection === undefined) continue
      // Ends with the victim.
      await endOf(connection)
      return
    }
  }

  async settle(): Promise<string> {
    check(await isNobodyThere(this.#transport), 'a dead listener accepts')
    const left = this.#files()
    const listener = await this.#transport.listen<Numbered, Numbered>(NAME)
    const [mine, accepted] = await Promise.all([
      this.#transport.connect<Numbered, Numbered>(NAME, options),
      listener.accept(options),
    ])
    mine.send(message(1))
    check((await accepted.receive(options)).number === 1, 'the next listener does not work')
    await Promise.all([mine.close(), accepted.close()])
    await listener.close()
    check(this.#files().length === 0, `left behind: ${this.#files().join(', ')}`)
    return left.length === 0 ? 'nothing left' : 'what is left is removed by the next who listens'
  }

  #files(): string[] {
    return this.#place.files().filter((file) => file.startsWith(`${NAME}.`))
  }
}

/** Whether a side parks, and is rung, depends on time, and so do larger numbers of what is repeated. */
const UNTIMED = /^(?!ParkedFlag|callback|SocketDoorbell\.ring|.*(release|set record).* #|.*store tail #\d\d)/

const scenario = (name: string, operation: string, begin: Scenario['begin']): Scenario => ({
  structure: 'connection',
  name,
  operation,
  only: UNTIMED,
  begin,
})

export const connectionScenarios: readonly Scenario[] = [
  scenario('connect', 'connect', (place) => ListeningSurvivor.begin(place, endOf)),
  scenario('send and close', 'send', (place) => ListeningSurvivor.begin(place, takeAll)),
  scenario('receive and close', 'receive', (place) => ListeningSurvivor.begin(place, giveAll)),
  scenario('listen and accept', 'listen and accept', (place) => new NextListener(place)),
  scenario('stop listening', 'stop listening', (place) => new NextListener(place)),
]
