import type { OneWayShape } from '../one-way.js'

/** One way over one of our connections. */
export interface MqOneWayShape extends OneWayShape {
  /** Messages as bytes, or as they are: by structured clone. */
  readonly codec: 'bytes' | 'none'
}
