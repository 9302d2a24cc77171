/** What goes through a durable queue. */
export interface DurableShape {
  /** Only sent, or sent and acknowledged. */
  readonly work: 'send' | 'queue'
  readonly messageBytes: number
  /** Messages sent by one call. */
  readonly batch: number
  /** Calls under way at the same time. */
  readonly senders: number
  /** Messages sent and not acknowledged. */
  readonly underWay: number
}
