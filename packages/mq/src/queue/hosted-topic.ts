import { matches } from './topic-pattern.js'

/** A topic: which queues get what is published to it. */
export class HostedTopic {
  readonly name: string
  /** Patterns by the name of the queue. */
  readonly bindings: Map<string, string[]>

  constructor(name: string, bindings: Iterable<[string, string[]]> = []) {
    this.name = name
    this.bindings = new Map(bindings)
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
