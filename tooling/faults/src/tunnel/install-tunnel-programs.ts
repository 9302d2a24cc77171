import { spawn } from 'node:child_process'

/** Time to allow a hook or test that may be the one to install, instead of vitest's own timeout. */
export const INSTALL_TIMEOUT_MS = 600_000

/** Locked while one of our processes installs. The kernel keeps the lock, so a killed process leaves none. */
const LOCK = '/run/lock'

/** `apt-get update` has no option to wait for another one. When it fails otherwise, an earlier update may still do. */
const SCRIPT = `
if command -v ip && command -v python3; then exit 0; fi
while ! problem="$(apt-get update 2>&1)"; do
  case "$problem" in
    *'Could not get lock'*) sleep 1 ;;
    *) printf '%s\\n' "$problem"; break ;;
  esac
done
exec apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=-1 iproute2 python3
`

/**
 * Install Debian's packages `iproute2` and `python3` unless the programs are there. Of several processes that ask at once
 * one does it and the others wait.
 *
 * @throws Error with the last output of apt-get when that fails.
 */
export function installTunnelPrograms(): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('flock', ['--exclusive', LOCK, 'sh', '-c', SCRIPT], {
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
      else reject(new Error(`apt-get install iproute2 python3 ended with ${code ?? signal}:\n${output}`))
    })
  })
}
