import type { Command, RacesState } from '../protocol.js'
import { type Panel, refuse } from './panel.js'
import { RaceArena } from './race-arena.js'
import { ValueArena } from './value-arena.js'

/** What goes wrong when two processes use the same memory at once, and what makes it right. */
export class RacesPanel implements Panel {
  readonly #race = new RaceArena()
  readonly #value = new ValueArena()

  async open(): Promise<void> {
    await Promise.all([this.#race.open(), this.#value.open()])
  }

  async look(): Promise<RacesState> {
    const look = await this.#value.look()
    const notices = [
      ...this.#race.cast.notices,
      // Of two lists, with keys that differ.
      ...this.#value.cast.notices.map(({ id, text }) => ({ id: -id, text })),
    ]
    const processes = [...this.#race.cast.states('P1', 'P2'), ...this.#value.cast.states('P1', 'P2')]
    return { panel: 'races', processes, notices, race: this.#race.state, look }
  }

  async take(command: Command): Promise<void> {
    if (command.type === 'race') return this.#race.race(command.guard)
    if (command.type === 'look') return this.#value.start(command.guard)
    return refuse(command)
  }

  async close(): Promise<void> {
    await Promise.all([this.#race.close(), this.#value.close()])
  }
}
