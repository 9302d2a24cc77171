import { LOOKS } from '../limits.js'
import type { Order } from '../processes/orders.js'
import type { ValueReaderReport } from '../processes/value-reader.js'
import type { ValueWriterReport } from '../processes/value-writer.js'
import type { LookState, ValueGuard } from '../protocol.js'
import { Cast } from './cast.js'
import { CommandRefused } from './panel.js'

/** A process that sets a value, and one that reads it meanwhile. */
export class ValueArena {
  readonly cast: Cast = new Cast((_, news) => {
    if (news.type === 'done') void this.#done()
  })
  #guard: ValueGuard = 'none'
  #running = false
  #writer: ValueWriterReport = { writes: 0 }
  #reader: ValueReaderReport = { looks: 0, torn: 0, sample: undefined }

  async open(): Promise<void> {
    await this.#start()
  }

  async look(): Promise<LookState> {
    const [writer, reader] = await Promise.all([
      this.cast.ask<ValueWriterReport>('P1', { type: 'report' }),
      this.cast.ask<ValueReaderReport>('P2', { type: 'report' }),
    ])
    this.#writer = writer ?? this.#writer
    this.#reader = reader ?? this.#reader
    return { guard: this.#guard, running: this.#isRunning, goal: LOOKS, ...this.#writer, ...this.#reader }
  }

  async start(guard: ValueGuard): Promise<void> {
    if (this.#isRunning) throw new CommandRefused('the reader is still looking')
    await this.#start()
    this.#running = true
    this.#guard = guard
    await this.cast.ask('P1', { type: 'write', guard })
    await this.#write(true)
    await this.cast.ask('P2', { type: 'look', guard, count: LOOKS })
  }

  close(): Promise<void> {
    return this.cast.close()
  }

  /** Who was killed is started again with the next look. */
  get #isRunning(): boolean {
    return this.#running && this.cast.isRunning('P1') && this.cast.isRunning('P2')
  }

  async #start(): Promise<void> {
    await this.cast.start('P1', 'value-writer')
    await this.cast.start('P2', 'value-reader')
  }

  async #done(): Promise<void> {
    await this.#write(false)
    const { torn, looks } = await this.look()
    this.#running = false
    this.cast.note(`${looks} looks (${this.#guard === 'none' ? 'no guard' : 'SharedValue'}): ${torn} torn`)
  }

  async #write(on: boolean): Promise<void> {
    const order: Order = { type: 'pace', pace: { paused: !on, perSecond: 'max' } }
    await this.cast.ask('P1', order)
  }
}
