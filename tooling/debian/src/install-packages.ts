import { spawn } from 'node:child_process'
import { findOnPath } from './find-on-path.js'

/** Time to allow a hook or test that may be the one to install something, instead of vitest's own timeout. */
export const INSTALL_TIMEOUT_MS = 600_000

/** Locked while one of our processes installs. The kernel keeps the lock, so a killed process leaves none. */
const LOCK = '/var/lib/apt'

/** What {@link installPackages} is to bring. */
export interface Wanted {
  /** Names of Debian packages. */
  readonly packages: readonly string[]
  /** A command of the shell that succeeds when all is there, and nothing has to be done: `command -v python3`. */
  readonly isThere: string
}

/** Whether {@link installPackages} can do anything: this is root on Debian or one of its kind. */
export async function canInstall(): Promise<boolean> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  return (await findOnPath('apt-get')) !== undefined
}

/**
 * Install Debian packages unless what is wanted is there. Takes up to minutes; of several processes that ask at once one does
 * it and the others wait.
 *
 * @throws Error that says what to install when this user cannot, or with the last output of apt-get when that fails.
 *
 * @example
 * ```ts
 * import { INSTALL_TIMEOUT_MS, installPackages } from '@ipc/debian'
 * import { beforeAll } from 'vitest'
 *
 * beforeAll(() => installPackages({ packages: ['python3'], isThere: 'command -v python3' }), INSTALL_TIMEOUT_MS)
 * ```
 */
export async function installPackages({ packages, isThere }: Wanted): Promise<void> {
  const install = `apt-get install --no-install-recommends ${packages.join(' ')}`
  if (await canInstall())
    return run(['flock', '--exclusive', LOCK, 'sh', '-c', scriptFor(packages, isThere)], install)
  await run(['sh', '-c', isThere], isThere).catch((cause: unknown) => {
    throw new Error(`missing here: ${packages.join(', ')}. Install them (Debian: ${install})`, { cause })
  })
}

/** Wait until no other process is within {@link installPackages}: a program is there before all that it needs. */
export function installSettled(): Promise<void> {
  return run(['flock', '--shared', LOCK, 'true'], 'flock')
}

/**
 * `apt-get update` has no option to wait for another one. When it fails for another reason, an earlier update may still
 * do.
 */
function scriptFor(packages: readonly string[], isThere: string): string {
  return `
if ${isThere}; then exit 0; fi
while ! problem="$(apt-get update 2>&1)"; do
  case "$problem" in
    *'Could not get lock'*) sleep 1 ;;
    *) printf '%s\\n' "$problem"; break ;;
  esac
done
exec apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=-1 ${packages.join(' ')}
`
}

function run([command, ...args]: readonly [string, ...string[]], what: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output = (output + text).slice(-4000)
      })
    }
    child.on('error', reject)
    child.on('close', (code, signal) => {
      if (code === 0) resolve()
      else reject(new Error(`${what} ended with ${code ?? signal}:\n${output}`))
    })
  })
}
