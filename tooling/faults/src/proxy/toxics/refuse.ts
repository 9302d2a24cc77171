import type { ConnectionToxic } from '../toxic.js'

/** Connections are accepted and reset at once; the listener does not hear of them. */
export function refuse(): ConnectionToxic {
  return { name: 'refuse' }
}
