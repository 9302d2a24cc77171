import { readFileSync } from 'node:fs'
import type { Transport } from '@ipc/core'
import { type NetOptions, net } from '@ipc/net'
import { shm } from '@ipc/shm'
import type { Command } from 'commander'
import { directoryOption } from '../command.js'
import { UsageError } from '../exit-codes.js'

/** How peers are reached, as options say it. */
export interface ReachOptions {
  readonly dir: string
  readonly secretFile?: string
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  readonly insecure?: boolean
}

const SHM = 'shm:'
/** A peer that is away for longer is given up. */
const GIVE_UP_MS = 10_000

/** Add the options of {@link ReachOptions}. */
export function addReachOptions(command: Command): Command {
  return addSecurityOptions(command.addOption(directoryOption()))
}

/** Those of them that tell how a connection is secured. */
export function addSecurityOptions(command: Command): Command {
  return command
    .option('--secret-file <file>', 'tls: what both sides know, at least 32 bytes')
    .option('--ca <file>', 'tls: certificates that the other side may be of (PEM)')
    .option('--cert <file>', 'tls: the certificate of this side (PEM)')
    .option('--key <file>', 'tls: its key (PEM)')
    .option('--insecure', 'tcp: beyond this machine, with no encryption')
}

/** What is said of addresses in the help of a command. */
export const ADDRESSES = 'shm:NAME, tcp://HOST:PORT, tls://HOST:PORT, unix:/PATH or pipe:NAME'

/** The transport of an address, and the address as that transport takes it. */
export function reach(
  address: string,
  options: ReachOptions,
): { readonly transport: Transport<string>; readonly address: string } {
  if (address.startsWith(SHM)) {
    return { transport: shm({ directory: options.dir }), address: address.slice(SHM.length) }
  }
  return { transport: net(netOptions(options)), address }
}

function netOptions({ secretFile, ca, cert, key, insecure = false }: ReachOptions): NetOptions {
  const hasCertificates = ca !== undefined || cert !== undefined || key !== undefined
  return {
    insecure,
    resume: { windowMs: GIVE_UP_MS },
    reconnect: { giveUpAfterMs: GIVE_UP_MS },
    secret: secretFile === undefined ? undefined : contentOf(secretFile),
    tls: hasCertificates
      ? {
          ca: ca === undefined ? undefined : contentOf(ca),
          cert: cert === undefined ? undefined : contentOf(cert),
          key: key === undefined ? undefined : contentOf(key),
        }
      : undefined,
  }
}

function contentOf(file: string): Uint8Array {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new UsageError(`cannot read ${file}: ${(cause as Error).message}`, { cause })
  }
}
