import type { PlainAction, Settle } from './commands.js'
import type { HostedQueue } from './hosted-queue.js'
import { checkSize, fits, full, leaseOver } from './refusal.js'
import type { LeaseToken, NewMessage, Sent, StateMachine } from './state-machine.js'

/** A step of a transaction, and whose it is. */
interface SettleStep {
  readonly step: Settle
  readonly queue: HostedQueue
  readonly owner: number
}

interface SendStep {
  readonly message: NewMessage
  readonly queue: HostedQueue
}

/** Do with a delivery what its receiver says; false when the lease is over. */
export function settle({ machine }: HostedQueue, owner: number, step: Settle, now: number): boolean {
  switch (step.action) {
    case 'nack':
      return machine.start(owner, step) && machine.nack(owner, step, step.ms, now)
    case 'extend':
      return machine.extend(owner, step, step.ms, now)
    case 'run':
      return machine.start(owner, step) && machine.extend(owner, step, step.ms, now)
    case 'dead-letter':
      return machine.deadLetter(owner, step, step.reason, now)
    default:
      return settlePlainly(machine, owner, step.action, step, now)
  }
}

/** Do the same with several deliveries, each for itself; returns the places of those whose lease is over. */
export function settleEach(
  { machine }: HostedQueue,
  owner: number,
  action: PlainAction,
  leases: readonly number[],
  now: number,
): number[] {
  const late: number[] = []
  const token = { seq: 0, epoch: 0 }
  for (let at = 0; at + 1 < leases.length; at += 2) {
    token.seq = leases[at] as number
    token.epoch = leases[at + 1] as number
    if (!settlePlainly(machine, owner, action, token, now)) late.push(at / 2)
  }
  return late
}

function settlePlainly(
  machine: StateMachine,
  owner: number,
  action: PlainAction,
  token: LeaseToken,
  now: number,
): boolean {
  switch (action) {
    case 'ack':
      return machine.ack(owner, token, now)
    case 'start':
      return machine.start(owner, token)
    case 'release':
      return machine.nack(owner, token, 0, now)
    case 'retry':
      return machine.start(owner, token) && machine.nack(owner, token, undefined, now)
  }
}

/**
 * All of it or nothing.
 *
 * @throws Refusal when something of it cannot be done.
 */
export function transact(steps: readonly SettleStep[], sends: readonly SendStep[], now: number): Sent[] {
  const seen = new Set<string>()
  for (const { queue, owner, step } of steps) {
    const lease = `${queue.name}:${step.seq}`
    if (seen.has(lease) || !queue.machine.holds(owner, step)) throw leaseOver(step)
    seen.add(lease)
  }
  const byQueue = new Map<HostedQueue, NewMessage[]>()
  for (const { queue, message } of sends) {
    checkSize(queue, message.bytes)
    const messages = byQueue.get(queue)
    if (messages === undefined) byQueue.set(queue, [message])
    else messages.push(message)
  }
  // Those that drop last: what they drop is not given back.
  const drops = ({ settings }: HostedQueue): boolean => settings.whenFull === 'drop-oldest'
  const inOrder = [...byQueue].sort(([a], [b]) => Number(drops(a)) - Number(drops(b)))
  for (const [queue, messages] of inOrder) {
    const freed = steps.filter(({ queue: other, step }) => other === queue && takesAway(step))
    const bytes = freed.reduce((sum, { step }) => sum + (queue.table.findLeased(step.seq)?.bytes ?? 0), 0)
    if (fits(queue, messages, now, freed.length, bytes)) continue
    const needed = messages.reduce((sum, message) => sum + message.bytes, 0)
    if (!drops(queue) || !queue.machine.makeRoom(messages.length - freed.length, needed - bytes, now)) {
      throw full(queue)
    }
  }
  for (const { queue, owner, step } of steps) settle(queue, owner, step, now)
  return sends.map(({ queue, message }) => queue.machine.send(message, now))
}

function takesAway({ action }: Settle): boolean {
  return action === 'ack' || action === 'dead-letter'
}

/**
 * Send a message to several queues. Calls `done` when all have it, at once or later.
 *
 * @returns what makes it wait no more; how many have it then, -1 when all have.
 * @throws Refusal when one of them refuses; then none has it.
 */
export function publish(
  queues: readonly HostedQueue[],
  message: NewMessage,
  now: number,
  done: () => void,
): () => number {
  for (const queue of queues) {
    checkSize(queue, message.bytes)
    if (queue.settings.whenFull === 'reject' && !fits(queue, [message], now)) throw full(queue)
  }
  let left = queues.length
  const sendings = queues.map((queue) => {
    const sending = { messages: [message], receipts: [] as Sent[], done: () => --left === 0 && done() }
    if (queue.settings.whenFull === 'drop-oldest') queue.machine.makeRoom(1, message.bytes, now)
    queue.sendInTurn(sending, now)
    return { queue, sending }
  })
  if (queues.length === 0) done()
  return () => {
    const stopped = sendings.filter(({ queue, sending }) => queue.stopSending(sending)).length
    return stopped > 0 ? queues.length - stopped : -1
  }
}
