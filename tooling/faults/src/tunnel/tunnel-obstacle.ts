import { readFile } from 'node:fs/promises'

const TUN = '/dev/net/tun'
/** Numbers of the capabilities, as in capabilities(7). */
const CAPABILITIES = [
  ['CAP_NET_ADMIN', 12],
  ['CAP_SYS_ADMIN', 21],
] as const

/** Why there can be no tunnel on this machine; `undefined` when there can. */
export async function tunnelObstacle(): Promise<string | undefined> {
  if (process.platform !== 'linux') return `network namespaces are of Linux, this is ${process.platform}`
  const status = await readFile('/proc/self/status', 'utf8')
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? '0'}`)
  const missing = CAPABILITIES.filter(([, bit]) => ((effective >> BigInt(bit)) & 1n) === 0n).map(
    ([name]) => name,
  )
  if (process.getuid?.() !== 0 || missing.length > 0) {
    const lacks =
      missing.length > 0 ? `, with ${missing.join(' and ')}, which this process does not have` : ''
    return `network namespaces need root${lacks}`
  }
  // Root may make the device file; whether the kernel has the device is another question.
  const devices = await readFile('/proc/misc', 'utf8')
  return /\btun$/m.test(devices) ? undefined : `this kernel has no TUN device, ${TUN}`
}
