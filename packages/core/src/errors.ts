/**
 * Every code an {@link IpcError} can carry. The list is closed: codes are stable across minor versions,
 * messages are not. What each code means and what to do about it is in the README of `@ipc/core`.
 */
export const IPC_ERROR_CODES = [
  'IPC_ABORTED',
  'IPC_ADDRESS_IN_USE',
  'IPC_AUTH_FAILED',
  'IPC_CLOSED',
  'IPC_CONNECT_FAILED',
  'IPC_DECODE_FAILED',
  'IPC_ENCODE_FAILED',
  'IPC_FENCED',
  'IPC_LEASE_LOST',
  'IPC_MESSAGE_TOO_LARGE',
  'IPC_NOT_SUPPORTED',
  'IPC_OUT_OF_MEMORY',
  'IPC_PEER_LOST',
  'IPC_PERMISSION_DENIED',
  'IPC_PROTOCOL',
  'IPC_QUEUE_FULL',
  'IPC_REMOTE_FAILED',
  'IPC_SESSION_LOST',
  'IPC_STORE_FAILED',
  'IPC_TIMEOUT',
  'IPC_VERSION_MISMATCH',
] as const

/** One of {@link IPC_ERROR_CODES}. */
export type IpcErrorCode = (typeof IPC_ERROR_CODES)[number]

/** Structured facts about a failure: plain JSON, safe to log. */
export type IpcErrorDetails = Readonly<Record<string, unknown>>

/** What `new IpcError` takes beside code and message. */
export interface IpcErrorOptions {
  /** The error or abort reason underneath. */
  readonly cause?: unknown
  /** Structured facts, for logs and for code that reacts to more than the code. */
  readonly details?: IpcErrorDetails | undefined
}

/** The form in which an {@link IpcError} crosses a thread, a process or a log. */
export interface IpcErrorJson {
  readonly name: string
  readonly code: IpcErrorCode
  readonly message: string
  readonly details?: IpcErrorDetails
}

const brand: unique symbol = Symbol.for('@ipc/core/IpcError')

const codes: ReadonlySet<string> = new Set(IPC_ERROR_CODES)

/**
 * The one error class of the toolkit: something outside the caller's code went wrong. Misuse by the caller is a
 * `TypeError` or `RangeError` instead.
 *
 * Match on `code`, with {@link isIpcError}; never on the message. `name` is `'IpcError'`, except for `IPC_ABORTED`
 * (`'AbortError'`) and `IPC_TIMEOUT` (`'TimeoutError'`), the names the web platform uses.
 *
 * @example
 * ```ts
 * import { IpcError } from '@ipc/core'
 *
 * throw new IpcError('IPC_MESSAGE_TOO_LARGE', 'message of 20 bytes exceeds maxMessageBytes of 16', {
 *   details: { bytes: 20, maxMessageBytes: 16 },
 * })
 * ```
 */
export class IpcError extends Error {
  /** What happened, from the closed list {@link IPC_ERROR_CODES}. */
  readonly code: IpcErrorCode
  /** Structured facts about the failure. */
  readonly details: IpcErrorDetails | undefined

  static {
    // Marks instances for isIpcError, also those of another copy of this package.
    // biome-ignore lint/complexity/noThisInStatic: see errorOf() for why the class does not mention itself.
    Object.defineProperty(this.prototype, brand, { value: true })
  }

  constructor(code: IpcErrorCode, message: string, options: IpcErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    if (!codes.has(code)) throw new TypeError(`unknown IpcError code: ${String(code)}`)
    this.code = code
    this.details = options.details
    this.name = code === 'IPC_ABORTED' ? 'AbortError' : code === 'IPC_TIMEOUT' ? 'TimeoutError' : 'IpcError'
  }

  /** The plain form: structured clone and JSON drop class and code of an error, this keeps them. */
  toJSON(): IpcErrorJson {
    const { name, code, message, details } = this
    return details === undefined ? { name, code, message } : { name, code, message, details }
  }

  /**
   * Rebuild an error from {@link IpcError.toJSON}, on the other side of a thread or process.
   *
   * @throws TypeError when `json` is not such a form.
   */
  static fromJSON(json: IpcErrorJson): IpcError {
    if (
      typeof json !== 'object' ||
      json === null ||
      !codes.has(json.code) ||
      typeof json.message !== 'string'
    ) {
      throw new TypeError('not the JSON form of an IpcError')
    }
    return errorOf(json)
  }
}

// Outside: a class that mentions itself gets another name from bundlers, which users would see when it is printed.
function errorOf({ code, message, details }: IpcErrorJson): IpcError {
  return new IpcError(code, message, { details })
}

/**
 * Whether `value` is an {@link IpcError}, and, when `code` is given, one with that code. Works when several copies
 * of `@ipc/core` are loaded, which `instanceof` does not.
 *
 * @example
 * ```ts
 * import { isIpcError, type Connection } from '@ipc/core'
 *
 * async function receiveOrStop(connection: Connection): Promise<unknown> {
 *   try {
 *     return await connection.receive()
 *   } catch (error) {
 *     if (isIpcError(error, 'IPC_PEER_LOST')) return undefined
 *     throw error
 *   }
 * }
 * ```
 */
export function isIpcError<Code extends IpcErrorCode = IpcErrorCode>(
  value: unknown,
  code?: Code,
): value is IpcError & { readonly code: Code } {
  if (typeof value !== 'object' || value === null || !(brand in value)) return false
  return code === undefined || (value as unknown as IpcError).code === code
}
