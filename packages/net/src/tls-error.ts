import { IpcError, type IpcErrorCode } from '@ipc/core'
import type { TlsMode } from './tls-mode.js'

interface Meaning {
  readonly code: IpcErrorCode
  readonly advice: string
}

const NO_TLS: Meaning = { code: 'IPC_PROTOCOL', advice: 'it does not speak TLS: does it listen at tls://?' }
const NOT_OURS: Meaning = {
  code: 'IPC_PROTOCOL',
  advice: 'it speaks TLS, and is no @ipc/net listener: check host and port',
}
const OLD_TLS: Meaning = {
  code: 'IPC_VERSION_MISMATCH',
  advice: 'it has no TLS 1.3, and nothing older is spoken: upgrade it',
}
const CUT: Meaning = {
  code: 'IPC_CONNECT_FAILED',
  advice: 'it closed the connection during the TLS handshake: does it listen at tls://?',
}

/** By the end of OpenSSL's code: how it names what precedes it differs from version to version. */
const MEANINGS: readonly (readonly [RegExp, Meaning])[] = [
  [/ALERT_PROTOCOL_VERSION$|UNSUPPORTED_PROTOCOL$/, OLD_TLS],
  [/ALERT_NO_APPLICATION_PROTOCOL$/, NOT_OURS],
  [/WRONG_VERSION_NUMBER$|PACKET_LENGTH_TOO_LONG$|UNKNOWN_PROTOCOL$|HTTP_REQUEST$/, NO_TLS],
  [/^CERT_HAS_EXPIRED$/, untrusted('its certificate has expired: renew it, or check the clock')],
  [/^CERT_NOT_YET_VALID$/, untrusted('its certificate is not valid yet: check the clocks')],
  [/^CERT_REVOKED$/, untrusted('its certificate was revoked')],
  [
    /SELF_SIGNED|UNABLE_TO_GET_ISSUER|UNABLE_TO_VERIFY|CERT_UNTRUSTED/,
    untrusted('its certificate is of a CA that is not known here: give it as tls.ca'),
  ],
  [
    /^ERR_TLS_CERT_ALTNAME/,
    untrusted('its certificate has another name: connect by a name it has, or set tls.servername'),
  ],
]

/** What ended the TLS handshake of a dialer. */
export function tlsConnectError(address: string, cause: Error | undefined, mode: TlsMode): IpcError {
  const tlsCode = (cause as NodeJS.ErrnoException | undefined)?.code ?? ''
  const { code, advice } = meaningOf(tlsCode, cause, mode)
  const message = `cannot connect to ${address}: ${advice}`
  return new IpcError(code, message, { cause, details: { address, tlsCode } })
}

/** The listener proved nothing, or something else than what is asked for. */
export function unprovenError(address: string, refusal: string): IpcError {
  return new IpcError('IPC_AUTH_FAILED', `cannot connect to ${address}: ${refusal}`, { details: { address } })
}

/** TLS is there, and behind it a server of another kind. */
export function notOursError(address: string): IpcError {
  return new IpcError(NOT_OURS.code, `cannot connect to ${address}: ${NOT_OURS.advice}`, {
    details: { address },
  })
}

/** What ended the TLS handshake with a caller. Its words are of use to the listener's owner only. */
export function tlsAcceptError(
  address: string,
  cause: Error | undefined,
  claimed: string | undefined,
): IpcError {
  const tlsCode = (cause as NodeJS.ErrnoException | undefined)?.code ?? ''
  const by =
    claimed === undefined ? address : `${address}, with key id ${JSON.stringify(claimed.slice(0, 64))},`
  const { code, advice } = acceptMeaning(tlsCode, cause)
  return new IpcError(code, `${by} is refused: ${advice}`, { cause, details: { address, tlsCode } })
}

function acceptMeaning(tlsCode: string, cause: Error | undefined): Meaning {
  if (/BINDER_DOES_NOT_VERIFY$/.test(tlsCode))
    return untrusted('its secret or its key id is not one of this listener')
  if (/NO_SUITABLE_SIGNATURE_ALGORITHM$|NO_SHARED_CIPHER$/.test(tlsCode)) {
    return untrusted('it has no proof of the kind that this listener asks for: a secret, or a certificate')
  }
  if (/UNSUPPORTED_PROTOCOL$/.test(tlsCode)) {
    return { code: 'IPC_VERSION_MISMATCH', advice: 'it does not speak TLS 1.3' }
  }
  if (/NO_APPLICATION_PROTOCOL$/.test(tlsCode)) {
    return { code: 'IPC_PROTOCOL', advice: 'it speaks TLS, and is looking for another kind of server' }
  }
  if (/ALERT/.test(tlsCode)) return untrusted(`it does not trust this listener (${tlsCode})`)
  if (tlsCode === '' || (tlsCode.startsWith('E') && !tlsCode.startsWith('ERR_'))) {
    return { code: 'IPC_CONNECT_FAILED', advice: 'it closed the connection during the TLS handshake' }
  }
  return { code: 'IPC_PROTOCOL', advice: `it broke TLS: ${cause?.message.trim()}` }
}

function meaningOf(tlsCode: string, cause: Error | undefined, mode: TlsMode): Meaning {
  const known = MEANINGS.find(([pattern]) => pattern.test(tlsCode))?.[1]
  if (known !== undefined) return known
  if (/ALERT/.test(tlsCode)) return untrusted(mode.advice)
  if (cause === undefined || tlsCode === 'ECONNRESET' || tlsCode === 'EPIPE') return CUT
  return untrusted(cause.message.trim())
}

function untrusted(advice: string): Meaning {
  return { code: 'IPC_AUTH_FAILED', advice }
}
