import { matches } from './topic-pattern.js'

/** A topic: which queues get what is published to it. */
export class HostedTopic {
  readonly name: string
  /** Patterns by the name of the queue. */
  bindings: Map<string, string[]> = new Map()
  #json = '[]'

  constructor(name: string) {
    this.name = name
  }

  /** Be as a store says. */
  load(json: string): void {
    if (json === this.#json) return
    this.#json = json
    this.bindings = new Map(JSON.parse(json) as [string, string[]][])
  }

  /** What a store is to keep. */
  save(): string {
    this.#json = JSON.stringify([...this.bindings])
    return this.#json
  }

  /** Returns false when it is bound like that already. */
  bind(queue: string, pattern: string): boolean {
    const patterns = this.bindings.get(queue) ?? []
    if (patterns.includes(pattern)) return false
    this.bindings.set(queue, [...patterns, pattern])
    return true
  }

  /** The names of the queues that get what is published under a subject, each once. */
  queuesFor(subject: string): string[] {
    const names: string[] = []
    for (const [queue, patterns] of this.bindings) {
      if (patterns.some((pattern) => matches(pattern, subject))) names.push(queue)
    }
    return names
  }
}
