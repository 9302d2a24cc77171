import { constants, randomBytes } from 'node:crypto'
import { createSecureContext, type SecureContextOptions, type TLSSocket } from 'node:tls'
import type { KeyRing } from './secret.js'
import { ALPN_PROTOCOL, proven, refused, TLS_VERSION, type TlsMode } from './tls-mode.js'

/**
 * TLS 1.3 with an external pre-shared key and an ephemeral key exchange: both sides prove that they know the secret, and
 * who learns it later reads nothing of before. The key's hash is SHA-256, which leaves these two ciphers. `ca: []`: no
 * certificate of anybody counts.
 */
const CONTEXT: SecureContextOptions = {
  minVersion: TLS_VERSION,
  maxVersion: TLS_VERSION,
  ciphers: 'TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256',
  ca: [],
  // A ticket would outlive its key.
  secureOptions: constants.SSL_OP_NO_TICKET,
}

/** Secure by a secret that both sides know. */
export function secretMode({ keys, use }: KeyRing): TlsMode {
  const context = createSecureContext(CONTEXT)
  // An id that is not known fails like a wrong secret: as late, and with the same words.
  const nobodysKey = randomBytes(32)
  const claimed = new WeakMap<TLSSocket, string>()
  return {
    option: 'secret',
    advice: `it does not accept the secret with key id '${use}': both sides need the same secret under the same id`,
    dialing() {
      if (use === undefined) {
        const ids = [...keys.keys()].join(', ')
        throw new TypeError(`secret.use must name the key to connect with, one of ${ids}`)
      }
      return {
        secureContext: context,
        pskCallback: () => ({ psk: keys.get(use)!, identity: use }),
        // Asked only about a certificate. Whoever shows one, and were it genuine, has not proven the secret.
        checkServerIdentity: () => new Error('it showed a certificate, and did not prove the secret'),
      }
    },
    listening: () => ({
      ...CONTEXT,
      ALPNProtocols: [ALPN_PROTOCOL],
      pskCallback(socket, id) {
        claimed.set(socket, id)
        return keys.get(id) ?? nobodysKey
      },
    }),
    // For TLS 1.3 a pre-shared key is a session that goes on, and there are no others here: no tickets.
    proveListener: (socket) =>
      socket.isSessionReused() ? proven(use!) : refused('it did not prove the secret'),
    claimedBy: (socket) => claimed.get(socket),
    proveDialer(socket) {
      const id = claimed.get(socket)
      const known = id !== undefined && keys.has(id) && socket.isSessionReused()
      return known ? proven(id) : refused('it did not prove a secret')
    },
  }
}
