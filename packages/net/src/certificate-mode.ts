import { constants, X509Certificate } from 'node:crypto'
import { isIP } from 'node:net'
import {
  checkServerIdentity,
  type PeerCertificate,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls'
import { certificateIdentity, publicKeySha256 } from './certificate-identity.js'
import { ALPN_PROTOCOL, ANYONE, type Proof, proven, refused, TLS_VERSION, type TlsMode } from './tls-mode.js'
import { type Certificates, resolveTlsOptions, type TlsOptions } from './tls-options.js'

/** Secure by certificates: of the listener, and of the dialer where that is required. */
export function certificateMode(options: TlsOptions): TlsMode {
  const certificates = resolveTlsOptions(options, contextOf)
  return {
    option: 'tls',
    advice:
      'it does not accept the certificate of this side: tls.cert and tls.key have to be of a CA it knows',
    dialing: (host) => ({
      secureContext: certificates.context,
      ...serverName(certificates.servername ?? host),
      checkServerIdentity: (name, certificate) => checkListener(certificates, name, certificate),
    }),
    listening() {
      if (certificates.cert === undefined) throw new TypeError('tls.cert and tls.key are needed to listen')
      return {
        ...contextOf(certificates),
        ALPNProtocols: [ALPN_PROTOCOL],
        requestCert: certificates.requireClientCertificate,
        // Not taken for good: `proveDialer` judges, so that the dialer can be told that it is not authorized.
        rejectUnauthorized: false,
      }
    },
    proveListener: (socket) =>
      socket.authorized ? identityOf(socket) : refused(String(socket.authorizationError)),
    claimedBy: () => undefined,
    proveDialer(socket) {
      if (!certificates.requireClientCertificate) return ANYONE
      if (socket.authorized) return identityOf(socket)
      const none = socket.getPeerX509Certificate() === undefined
      return refused(
        none ? 'it has no certificate' : `its certificate is refused: ${socket.authorizationError}`,
      )
    },
  }
}

function contextOf({ cert, key, ca }: Omit<Certificates, 'context'>): SecureContextOptions {
  return {
    minVersion: TLS_VERSION,
    maxVersion: TLS_VERSION,
    cert,
    key,
    ca,
    // A certificate that ran out meanwhile must not be taken because of what it was.
    secureOptions: constants.SSL_OP_NO_TICKET,
  }
}

function identityOf(socket: TLSSocket): Proof {
  const certificate = socket.getPeerX509Certificate()
  return certificate === undefined
    ? refused('it has no certificate')
    : proven(certificateIdentity(certificate))
}

/** Whom to ask for. A name is sent, so that a server of several can choose; an IP address must not be. */
function serverName(name: string): { servername?: string } {
  return isIP(name) === 0 ? { servername: name.replace(/\.$/, '') } : {}
}

function checkListener(
  { pins, servername }: Certificates,
  name: string,
  certificate: PeerCertificate,
): Error | undefined {
  const wrong = checkServerIdentity(servername ?? name, certificate)
  if (wrong !== undefined || pins === undefined) return wrong
  const sha256 = publicKeySha256(new X509Certificate(certificate.raw))
  return pins.has(sha256) ? undefined : new Error(`its public key is not pinned: ${sha256}`)
}
