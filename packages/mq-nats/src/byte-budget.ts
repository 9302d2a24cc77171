/**
 * How many bytes may be sent before somebody has to look how full the stream is.
 *
 * The server has a limit of its own, but one that refuses new messages compares it with the message alone, and removes the
 * oldest one when the new one does not fit with what it costs to store (2.9): it would lose messages. So senders keep the
 * limit: each takes half of the room that it sees. Several of them may exceed it by what they have under way.
 */
export class ByteBudget {
  readonly #look: () => Promise<number>
  #left = 0

  /** @param look - How much room there is. */
  constructor(look: () => Promise<number>) {
    this.#look = look
  }

  covers(bytes: number): boolean {
    return bytes <= this.#left
  }

  spend(bytes: number): void {
    this.#left -= bytes
  }

  /** Look again; resolves to whether there is room for so much. Nothing may be under way meanwhile. */
  async renew(bytes: number): Promise<boolean> {
    const room = await this.#look()
    const fits = bytes <= room
    this.#left = fits ? Math.max(bytes, room / 2) : 0
    return fits
  }
}
