import { Session } from 'node:inspector'

/** The blocks of this package's sources that have run, as the engine counts them. */
export class Coverage {
  readonly #session = new Session()
  readonly #seen = new Set<string>()

  constructor() {
    this.#session.connect()
    this.#session.post('Profiler.enable')
    this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** Blocks ever seen. */
  get size(): number {
    return this.#seen.size
  }

  /** Blocks that have run since the last call, and were not seen before. */
  take(): readonly string[] {
    const fresh: string[] = []
    this.#session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error !== null) throw error
      for (const { url, functions } of taken.result) {
        if (!url.includes('/packages/net/src/')) continue
        for (const { ranges } of functions) {
          for (const { startOffset, endOffset, count } of ranges) {
            const block = `${url} ${startOffset} ${endOffset}`
            if (count > 0 && !this.#seen.has(block)) fresh.push(block)
          }
        }
      }
    })
    return fresh
  }

  /** These are known from now on. */
  see(blocks: readonly string[]): void {
    for (const block of blocks) this.#seen.add(block)
  }
}
