/** Part of the room that one sender takes at a time. */
const SHARE = 1 / 16

/** Room in a stream, or what a message takes of it. */
export interface Room {
  readonly messages: number
  readonly bytes: number
}

/**
 * What may be sent before somebody has to look how full the stream is. The server keeps limits of its own, but (2.9)
 *
 * - one in bytes it compares with the message alone, and removes the oldest message when the new one does not fit with what it
 *   costs to store: it would lose messages. So there is none, and senders keep it. Several may exceed it by what they have
 *   under way.
 * - while it refuses messages of several senders at once, it may take the next one of a sender although the one before was
 *   refused, whatever the headers demand. So a sender that must not be overtaken by itself has no more under way than there
 *   is certainly room for: a small part of the room that it sees, one message at last.
 */
export class RoomBudget {
  readonly #look: () => Promise<Room>
  #messages = 0
  #bytes = 0

  /** @param look - How much room there is. */
  constructor(look: () => Promise<Room>) {
    this.#look = look
  }

  covers(bytes: number): boolean {
    return this.#messages >= 1 && bytes <= this.#bytes
  }

  spend(bytes: number): void {
    this.#messages--
    this.#bytes -= bytes
  }

  /** Look again; resolves to whether one message of that size may be sent. Nothing may be under way meanwhile. */
  async renew(bytes: number): Promise<boolean> {
    const room = await this.#look()
    const fits = bytes <= room.bytes
    // One by itself harms nobody: the server refuses it, or has it already.
    this.#messages = Math.max(1, room.messages * SHARE)
    this.#bytes = fits ? Math.max(bytes, room.bytes * SHARE) : 0
    return fits
  }
}
