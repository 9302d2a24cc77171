import { setTimeout as sleep } from 'node:timers/promises'
import type { DeadLetter, MessageQueue, PeekedMessage } from '@ipc/core'
import { changePace } from '../change-pace.js'
import { clock } from '../processes/orders.js'
import { type LabMessage, openLabQueue } from '../processes/queue-place.js'
import type { QueueReceiverReport } from '../processes/queue-receiver.js'
import type { QueueSenderReport } from '../processes/queue-sender.js'
import type { Command, Loss, Pace, ProcessName, QueuedMessage, QueueState } from '../protocol.js'
import { Cast } from './cast.js'
import { CommandRefused, type Panel, refuse } from './panel.js'

/** Messages that are drawn. */
const SHOWN = 40
/** How often it is looked whether the message of a killed receiver is back. */
const WATCH_MS = 10
/** Then it is not looked any more. */
const WATCHES = 500

const PROMISE = 'the others look ten times a second who has died, and give back what it had'

/**
 * A queue in a directory, a process that sends and one that receives. Neither has a connection to the other one, nor
 * needs it to be alive; this process looks at the queue, and has none of its messages.
 */
export class QueuePanel implements Panel {
  readonly #cast = new Cast()
  #queue: MessageQueue<LabMessage> | undefined
  #pace: Pace = { paused: false, perSecond: 2 }
  #sender: QueueSenderReport | undefined
  #receiver: QueueReceiverReport | undefined
  /** Of those that are gone. */
  #sentBefore = 0
  #handledBefore = 0
  #failedBefore = 0
  #loss: Loss | undefined

  async open(): Promise<void> {
    this.#queue = await openLabQueue(this.#cast.scratch)
    await this.#start('sender')
  }

  async look(): Promise<QueueState> {
    const queue = this.#queue!
    const [stats, next, dead, sender, receiver] = await Promise.all([
      queue.stats(),
      queue.peek(SHOWN),
      queue.deadLetters(SHOWN),
      this.#cast.ask<QueueSenderReport>('sender', { type: 'report' }),
      this.#cast.ask<QueueReceiverReport>('receiver', { type: 'report' }),
    ])
    this.#sender = sender ?? this.#sender
    this.#receiver = receiver ?? (this.#receiver && { ...this.#receiver, handling: undefined })
    return {
      panel: 'queue',
      processes: this.#cast.states('sender', 'receiver'),
      notices: this.#cast.notices,
      ready: stats.ready,
      delayed: stats.delayed,
      leased: stats.leased,
      dead: stats.dead,
      next: next.map(drawn),
      deadLetters: dead.map(drawn),
      sent: this.#sentBefore + (this.#sender?.sent ?? 0),
      handled: this.#handledBefore + (this.#receiver?.handled ?? 0),
      failed: this.#failedBefore + (this.#receiver?.failed ?? 0),
      handling: this.#receiver?.handling,
      receiverPace: this.#pace,
      loss: this.#loss,
    }
  }

  async take(command: Command): Promise<void> {
    switch (command.type) {
      case 'send':
        return this.#send(command.count, command.bad)
      case 'pace':
        this.#pace = changePace(this.#pace, { perSecond: command.perSecond })
        await this.#cast.ask('receiver', { type: 'pace', pace: this.#pace })
        return
      case 'start':
        return this.#start(partOf(command.process))
      case 'stop':
        return this.#stop(partOf(command.process))
      case 'kill':
        return this.#kill(partOf(command.process))
      case 'redrive': {
        const back = await this.#queue!.redrive()
        this.#cast.note(`${back} dead letters are back in the queue`)
        return
      }
      default:
        return refuse(command)
    }
  }

  async close(): Promise<void> {
    await this.#queue?.close()
    await this.#cast.close()
  }

  async #send(count: number, bad: boolean): Promise<void> {
    if (!this.#cast.isRunning('sender')) throw new CommandRefused('there is no sender: start one')
    await this.#cast.ask('sender', { type: 'send', count, bad })
  }

  async #start(name: 'sender' | 'receiver'): Promise<void> {
    if (this.#cast.isRunning(name)) return
    this.#forget(name)
    await this.#cast.start(name, name === 'sender' ? 'queue-sender' : 'queue-receiver')
    if (name === 'receiver') await this.#cast.ask(name, { type: 'pace', pace: this.#pace })
  }

  /** What it is doing it finishes. */
  async #stop(name: 'sender' | 'receiver'): Promise<void> {
    const report = await this.#cast.ask<never>(name, { type: 'finish' })
    if (name === 'sender') this.#sender = report ?? this.#sender
    else this.#receiver = report ?? this.#receiver
    await this.#cast.end(name)
  }

  async #kill(name: 'sender' | 'receiver'): Promise<void> {
    const leased = name === 'receiver' ? (await this.#queue!.stats()).leased : 0
    this.#cast.kill(name)
    if (leased > 0) void this.#watchReturn(leased)
  }

  /** Look until the queue has back what the dead one had. */
  async #watchReturn(leased: number): Promise<void> {
    for (let watch = 0; watch < WATCHES; watch++) {
      const stats = await this.#queue!.stats().catch(() => undefined)
      if (stats === undefined) return
      if (stats.leased < leased) {
        const as = `back in the queue: ${leased - stats.leased}`
        this.#loss = this.#cast.lossOf('receiver', 'the queue', as, clock(), PROMISE)
        return
      }
      await sleep(WATCH_MS)
    }
  }

  /** The counts of one that is gone go to those of its kind. */
  #forget(name: 'sender' | 'receiver'): void {
    if (name === 'sender') {
      this.#sentBefore += this.#sender?.sent ?? 0
      this.#sender = undefined
    } else {
      this.#handledBefore += this.#receiver?.handled ?? 0
      this.#failedBefore += this.#receiver?.failed ?? 0
      this.#receiver = undefined
    }
  }
}

function drawn(message: PeekedMessage<LabMessage> | DeadLetter<LabMessage>): QueuedMessage {
  const { id, attempt, body } = message
  const reason = 'reason' in message ? message.reason : undefined
  return { id, number: body.number, bad: body.bad, attempt, reason }
}

function partOf(name: ProcessName): 'sender' | 'receiver' {
  if (name === 'sender' || name === 'receiver') return name
  throw new CommandRefused(`this panel has no process ${name}`)
}
