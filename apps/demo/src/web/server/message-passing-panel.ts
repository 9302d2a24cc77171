import { changePace } from '../change-pace.js'
import type { ReceiverReport } from '../processes/link-receiver.js'
import type { News, Order } from '../processes/orders.js'
import type {
  Command,
  LinkTransport,
  Loss,
  MessagePassingState,
  Pace,
  ProcessName,
  SenderState,
} from '../protocol.js'
import { Cast } from './cast.js'
import { type Panel, refuse } from './panel.js'
import { sideOf } from './shared-memory-panel.js'

const PROMISE = 'a process that dies is noticed at once: the system closes its end'

/** P1 sends messages to P2 over a link, with nothing else between them. */
export class MessagePassingPanel implements Panel {
  readonly #cast = new Cast((name, news) => this.#heard(name, news))
  #transport: LinkTransport = 'unix'
  #messageBytes = 1024
  #paces: Record<'P1' | 'P2', Pace> = {
    P1: { paused: false, perSecond: 5 },
    P2: { paused: false, perSecond: 5 },
  }
  #sender: SenderState | undefined
  #receiver: ReceiverReport | undefined
  #loss: Loss | undefined

  async open(): Promise<void> {
    await this.#startBoth()
  }

  async look(): Promise<MessagePassingState> {
    const [sender, receiver] = await Promise.all([
      this.#cast.ask<SenderState>('P1', { type: 'report' }),
      this.#cast.ask<ReceiverReport>('P2', { type: 'report' }),
    ])
    this.#sender = sender ?? ended(this.#sender)
    this.#receiver = receiver ?? ended(this.#receiver)
    return {
      panel: 'message-passing',
      processes: this.#cast.states('P1', 'P2'),
      notices: this.#cast.notices,
      transport: this.#transport,
      messageBytes: this.#messageBytes,
      sender: { ...(this.#sender ?? NO_SENDER), pace: sender?.pace ?? this.#paces.P1 },
      receiver: { ...(this.#receiver ?? NO_RECEIVER), pace: receiver?.pace ?? this.#paces.P2 },
      underWay: underWay(this.#sender, this.#receiver),
      loss: this.#loss,
    }
  }

  async take(command: Command): Promise<void> {
    switch (command.type) {
      case 'pace': {
        const name = sideOf(command.process)
        this.#paces[name] = changePace(this.#paces[name], command)
        return this.#order(name, { type: 'pace', pace: this.#paces[name] })
      }
      case 'step':
        return this.#order(sideOf(command.process), { type: 'step' })
      case 'size':
        this.#messageBytes = command.bytes
        return this.#order('P1', { type: 'size', bytes: command.bytes })
      case 'over':
        return this.#over(command.transport)
      case 'kill':
        return this.#cast.kill(sideOf(command.process))
      case 'start':
        return this.#startBoth()
      default:
        return refuse(command)
    }
  }

  close(): Promise<void> {
    return this.#cast.close()
  }

  /** Another transport: both processes anew, the program is the same. */
  async #over(transport: LinkTransport): Promise<void> {
    if (transport === this.#transport) return
    this.#transport = transport
    await Promise.all([this.#cast.end('P1'), this.#cast.end('P2')])
    this.#sender = undefined
    this.#receiver = undefined
    this.#loss = undefined
    await this.#startBoth()
  }

  /** Start who does not run, and connect the two. */
  async #startBoth(): Promise<void> {
    const transport = this.#transport
    await Promise.all([
      this.#cast.start('P1', 'link-sender', { transport, pace: this.#paces.P1 }),
      this.#cast.start('P2', 'link-receiver', { transport, pace: this.#paces.P2 }),
    ])
    const [sender, receiver] = await Promise.all([
      this.#cast.ask<SenderState>('P1', { type: 'report' }),
      this.#cast.ask<ReceiverReport>('P2', { type: 'report' }),
    ])
    if (sender === undefined || receiver === undefined || sender.connected) return
    await this.#order('P1', { type: 'connect', address: receiver.address })
    await this.#order('P1', { type: 'size', bytes: this.#messageBytes })
    // Somebody may have changed them meanwhile.
    await this.#order('P2', { type: 'pace', pace: this.#paces.P2 })
    await this.#order('P1', { type: 'pace', pace: this.#paces.P1 })
  }

  async #order(name: ProcessName, order: Order): Promise<void> {
    await this.#cast.ask(name, order)
  }

  #heard(by: ProcessName | undefined, news: News): void {
    if (news.type !== 'lost' || by === undefined) return
    this.#loss = this.#cast.lossOf(by === 'P1' ? 'P2' : 'P1', by, news.as, news.at, PROMISE) ?? this.#loss
  }
}

const NO_SENDER = {
  connected: false,
  sent: 0,
  buffered: 0,
  bufferedBytes: 0,
  waiting: false,
  congestions: 0,
}
const NO_RECEIVER = { connected: false, arrived: 0, unread: 0, unreadBytes: 0, taken: 0, missing: 0 }

/** What a dead one said last, and that its link is gone. */
function ended<State extends { readonly connected: boolean }>(state: State | undefined): State | undefined {
  return state === undefined ? undefined : { ...state, connected: false }
}

/** The two say at slightly different times what they have done. */
function underWay(sender: SenderState | undefined, receiver: ReceiverReport | undefined): number {
  if (sender?.connected !== true || receiver?.connected !== true) return 0
  return Math.max(0, sender.sent - sender.buffered - receiver.arrived)
}
