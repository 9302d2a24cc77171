import type { QueueEvent, SentOut } from './commands.js'

/** The messages of a listing. */
export function listed(event: QueueEvent): readonly SentOut[] {
  return (event as Extract<QueueEvent, { kind: 'listed' }>).messages
}

/** The number that an answer is. */
export function value(event: QueueEvent): number {
  return (event as Extract<QueueEvent, { kind: 'done' }>).value
}
