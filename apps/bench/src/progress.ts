import { clearLine, cursorTo } from 'node:readline'
import type { BenchCase } from './bench-case.js'

/** Shows a person how far the run is. */
export class Progress {
  readonly #stream: NodeJS.WriteStream
  readonly #total: number
  #done = -1

  /** @param total - Measurements of the whole run. */
  constructor(stream: NodeJS.WriteStream, total: number) {
    this.#stream = stream
    this.#total = total
  }

  /** The next measurement begins. Only a terminal sees each: a log gets a line for each round. */
  turn({ name, systems }: BenchCase, round: number, system: string): void {
    this.#done++
    const text = `[${this.#done}/${this.#total}] ${name}: round ${round}`
    if (this.#stream.isTTY) this.#overwrite(`${text}, ${system}`)
    else if (system === systems[0]?.name) this.#stream.write(`${text}\n`)
  }

  stop(): void {
    if (this.#stream.isTTY) this.#overwrite('')
  }

  #overwrite(text: string): void {
    clearLine(this.#stream, 0)
    cursorTo(this.#stream, 0)
    this.#stream.write(text.slice(0, this.#stream.columns - 1))
  }
}
