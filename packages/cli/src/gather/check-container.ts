import { existsSync, readFileSync, readlinkSync } from 'node:fs'
import type { Check } from './findings.js'

/** Whether this is a container, and what that means for processes of others. Linux only. */
export const checkContainer: Check = () => {
  const signs = [
    existsSync('/.dockerenv') && 'Docker',
    existsSync('/run/.containerenv') && 'Podman',
    process.env.KUBERNETES_SERVICE_HOST !== undefined && 'Kubernetes',
  ].filter((sign) => sign !== false)
  const check = 'namespaces'
  if (signs.length === 0 && !hasOwnProcesses()) return []
  return [
    {
      check,
      status: 'info',
      found: `${signs[0] ?? 'a namespace of process ids of its own'}: processes outside have other numbers, or none`,
      todo:
        'to share memory with another container: the same /dev/shm (--ipc=container:NAME, or a volume) and the same user; ' +
        'who lives is proved across them, but `ipc ls` shows process ids as their owners saw them',
    },
  ]
}

/** Whether this process has another number outside, or is not among those of the machine's first process. */
function hasOwnProcesses(): boolean {
  try {
    const numbers = /^NSpid:\s+(.+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? ''
    if (numbers.trim().split(/\s+/).length > 1) return true
    return readlinkSync('/proc/self/ns/pid') !== readlinkSync('/proc/1/ns/pid')
  } catch {
    // Another system, or it may not be asked.
    return false
  }
}
