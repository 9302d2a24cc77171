import { setTimeout as sleep } from 'node:timers/promises'
import type { WebSocket } from 'ws'
import { type Command, commandSchema, type PanelName, type ServerMessage } from '../protocol.js'
import { createPanel, type NewPanel } from './create-panel.js'

/** Time between two looks at what is shown. */
const LOOK_MS = 50
/** With more than this on its way a page is too slow, and gets the next state only. */
const MAX_UNSENT_BYTES = 256 * 1024

/**
 * One page that is open: shows it one panel at a time, and ends with it. Commands are carried out one after the other,
 * those that come meanwhile wait, up to a limit.
 */
export class Session {
  static readonly #MAX_WAITING = 100
  readonly #socket: WebSocket
  readonly #tellFailure: (error: unknown) => void
  #panel: NewPanel | undefined
  #turn: Promise<void> = Promise.resolve()
  #waiting = 0
  #closed = false

  /** @param tellFailure - Hears what went wrong in this program, and not in a command. */
  constructor(socket: WebSocket, tellFailure: (error: unknown) => void) {
    this.#socket = socket
    this.#tellFailure = tellFailure
    socket.on('message', (message) => this.#take(String(message)))
    socket.on('error', () => socket.terminate())
    void this.#show()
  }

  /** End the processes; resolves when they are gone. */
  close(): Promise<void> {
    this.#closed = true
    this.#socket.terminate()
    const panel = this.#panel
    return this.#inTurn(async () => {
      await panel?.close()
      // A command that was under way may have opened another one.
      if (this.#panel !== panel) await this.#panel?.close()
      this.#panel = undefined
    })
  }

  #take(text: string): void {
    const command = parse(text)
    if (typeof command === 'string') this.#refuse(command)
    else if (this.#waiting >= Session.#MAX_WAITING) this.#refuse('too many commands wait')
    else void this.#inTurn(() => this.#carryOut(command))
  }

  /** After all that came before. */
  #inTurn(work: () => Promise<void>): Promise<void> {
    this.#waiting++
    this.#turn = this.#turn.then(work).catch((error: unknown) => {
      this.#refuse((error as Error).message)
      if ((error as Error).name !== 'CommandRefused') this.#tellFailure(error)
    })
    this.#turn = this.#turn.finally(() => this.#waiting--)
    return this.#turn
  }

  async #carryOut(command: Command): Promise<void> {
    if (this.#closed) return
    if (command.type === 'open') return this.#open(command.panel)
    if (this.#panel === undefined) return this.#refuse('no panel is open')
    await this.#panel.take(command)
  }

  async #open(name: PanelName): Promise<void> {
    const last = this.#panel
    this.#panel = undefined
    await last?.close()
    const panel = await createPanel(name)
    try {
      await panel.open()
    } catch (error) {
      await panel.close()
      throw error
    }
    this.#panel = panel
  }

  /** Send what is true, whenever it has changed. */
  async #show(): Promise<void> {
    let last = ''
    while (!this.#closed) {
      const panel = this.#panel
      if (panel !== undefined && this.#socket.bufferedAmount < MAX_UNSENT_BYTES) {
        const message = await this.#lookAt(panel)
        if (message !== undefined && message !== last && panel === this.#panel) {
          this.#socket.send(message)
          last = message
        }
      }
      await sleep(LOOK_MS)
    }
  }

  async #lookAt(panel: NewPanel): Promise<string | undefined> {
    try {
      return JSON.stringify({ type: 'state', state: await panel.look() } satisfies ServerMessage)
    } catch (error) {
      // It was closed in the middle of it.
      if (panel === this.#panel && !this.#closed) this.#tellFailure(error)
      return undefined
    }
  }

  #refuse(message: string): void {
    if (this.#closed) return
    this.#socket.send(JSON.stringify({ type: 'refused', message } satisfies ServerMessage))
  }
}

/** The command, or what is wrong with it. */
function parse(text: string): Command | string {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'a command is not JSON'
  }
  const { data, error } = commandSchema.safeParse(value)
  return data ?? `a command is wrong: ${error?.issues[0]?.message ?? 'unknown'}`
}
