import { TRANSPORTS } from '../../transports/index.js'
import type { News } from '../processes/orders.js'
import type { Command, SweepPoint, TransportsState } from '../protocol.js'
import { Cast } from './cast.js'
import { CommandRefused, type Panel, refuse } from './panel.js'

/** Throughput of every transport over the size of messages, measured here and now. */
export class TransportsPanel implements Panel {
  readonly #cast = new Cast((_, news) => this.#heard(news))
  readonly #known = TRANSPORTS.map(({ id, label }) => ({ id, label }))
  #points: SweepPoint[] = []
  #failures: { transport: string; message: string }[] = []
  #running: TransportsState['running']

  async open(): Promise<void> {}

  async look(): Promise<TransportsState> {
    return {
      panel: 'transports',
      processes: this.#cast.states('P1'),
      notices: this.#cast.notices,
      known: this.#known,
      running: this.#cast.isRunning('P1') ? this.#running : undefined,
      points: this.#points,
      failures: this.#failures,
    }
  }

  async take(command: Command): Promise<void> {
    if (command.type === 'sweep') return this.#sweep(command.transports)
    if (command.type === 'halt') return this.#halt()
    return refuse(command)
  }

  close(): Promise<void> {
    return this.#cast.close()
  }

  async #sweep(transports: readonly string[]): Promise<void> {
    const unknown = transports.find((id) => !this.#known.some((known) => known.id === id))
    if (unknown !== undefined) throw new CommandRefused(`there is no transport ${unknown}`)
    if (!(await this.#cast.start('P1', 'sweep'))) throw new CommandRefused('a sweep is under way')
    this.#points = []
    this.#failures = []
    await this.#cast.ask('P1', { type: 'sweep', transports })
  }

  async #halt(): Promise<void> {
    this.#running = undefined
    await this.#cast.end('P1')
  }

  #heard(news: News): void {
    if (news.type === 'sweeping') this.#running = { transport: news.transport, bytes: news.bytes }
    if (news.type === 'point') {
      const { type: _, ...point } = news
      this.#points.push(point)
    }
    if (news.type === 'sweep failed') {
      this.#failures.push({ transport: news.transport, message: news.message })
    }
    if (news.type === 'sweep done') {
      this.#cast.note(`sweep done: ${this.#points.length} points`)
      void this.#halt()
    }
  }
}
