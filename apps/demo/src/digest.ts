import { type CipherGCM, createCipheriv } from 'node:crypto'

const KEY = new Uint8Array(32).fill(0x5a)
const NONCE = new Uint8Array(12)

/**
 * Fingerprint of a stream of bytes: 128 bits of Poly1305 over everything, in order. How the stream is cut into
 * updates makes no difference.
 *
 * Poly1305 and not SHA-256, because the fingerprint is taken while the clock runs: this one passes 5 GB/s here, that
 * one 1.5 GB/s, which is less than shared memory moves. It is no worse against accidents: two different streams
 * share a tag with a chance below 2^-80.
 */
export class Digest {
  readonly #mac: CipherGCM = createCipheriv('chacha20-poly1305', KEY, NONCE, { authTagLength: 16 })

  /** Append `bytes`. Blocks of some 64 KiB are the cheapest. */
  update(bytes: Uint8Array): void {
    this.#mac.setAAD(bytes)
  }

  /** The fingerprint, in hexadecimal. Ends the digest. */
  finish(): string {
    this.#mac.final()
    return this.#mac.getAuthTag().toString('hex')
  }
}
