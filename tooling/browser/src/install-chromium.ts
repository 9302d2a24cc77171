import { spawn } from 'node:child_process'
import { findOnPath } from './find-on-path.js'

/** Time to allow a hook or test that may be the one to install Chromium, instead of vitest's own timeout. */
export const INSTALL_TIMEOUT_MS = 600_000

/** Locked while one of our processes installs. The kernel keeps the lock, so a killed process leaves none. */
const LOCK = '/var/lib/apt'

/**
 * `apt-get update` has no option to wait for another one. When it fails for another reason, an earlier update may still
 * do.
 */
const SCRIPT = `
if command -v chromium; then exit 0; fi
while ! problem="$(apt-get update 2>&1)"; do
  case "$problem" in
    *'Could not get lock'*) sleep 1 ;;
    *) printf '%s\\n' "$problem"; break ;;
  esac
done
exec apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=-1 chromium
`

/** Whether {@link installChromium} is possible: this is root on Debian or one of its kind. */
export async function canInstall(): Promise<boolean> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return false
  return (await findOnPath('apt-get')) !== undefined
}

/**
 * Install Debian's package `chromium`. Of several processes that ask at once one does it and the others wait.
 *
 * @throws Error with the last output of apt-get when that fails.
 */
export function installChromium(): Promise<void> {
  return flock(['--exclusive', LOCK, 'sh', '-c', SCRIPT])
}

/** Wait until no other process is within {@link installChromium}: a program is there before all that it needs. */
export function installSettled(): Promise<void> {
  return flock(['--shared', LOCK, 'true'])
}

function flock(args: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('flock', args, {
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
      else reject(new Error(`apt-get install chromium ended with ${code ?? signal}:\n${output}`))
    })
  })
}
