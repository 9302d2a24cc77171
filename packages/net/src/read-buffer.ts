/** The more is read at a time, the fewer messages are cut. */
const READ_BYTES = 262_144

let shared: Buffer | undefined

/**
 * Memory into which sockets read, again and again: one for all of a thread, since Node hands on what was read before it
 * reads again. Windows reads into it for as long as a socket waits, which takes one for each.
 */
export function readBuffer(): Buffer {
  if (process.platform === 'win32') return Buffer.allocUnsafeSlow(READ_BYTES)
  shared ??= Buffer.allocUnsafeSlow(READ_BYTES)
  return shared
}
