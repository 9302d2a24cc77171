import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { findChromium } from '@ipc/browser'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'

/** Takes a second attempt at `update`, as when another process updates; `install` adds a chromium to its folder. */
const APT_GET = `#!/bin/sh
cd "\${0%/*}"
echo "$*" >> log
case "$1" in
  update)
    if [ -e tried ]; then exit 0; fi
    : > tried
    echo 'E: Could not get lock /var/lib/apt/lists/lock'
    exit 100 ;;
  install) /bin/ln -s /bin/true chromium ;;
esac
`

const BROKEN_APT_GET = `#!/bin/sh
echo 'E: Unable to locate package chromium' >&2
exit 100
`

/** The only folder on `PATH`: no Chromium, and an `apt-get` that a test writes. */
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ipc-browser-'))
  for (const name of ['flock', 'sh', 'sleep', 'true'])
    await symlink(join('/usr/bin', name), join(folder, name))
  vi.stubEnv('PATH', folder)
  vi.stubEnv('CHROMIUM_PATH', undefined)
})

afterEach(async () => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  await rm(folder, { recursive: true, force: true })
})

describe.runIf(existsSync('/var/lib/apt'))('findChromium where root has apt-get and no Chromium', () => {
  test('installs it once for all who ask at the same time', async () => {
    await writeAptGet(APT_GET)
    const found = await Promise.all([findChromium(), findChromium(), findChromium()])
    const path = join(folder, 'chromium')
    expect(found).toEqual([path, path, path])
    const log = await readFile(join(folder, 'log'), 'utf8')
    expect(log.trim().split('\n')).toEqual([
      'update',
      'update',
      expect.stringMatching(/^install -y --no-install-recommends .*chromium$/),
    ])
  })

  test('tells what apt-get said when it fails', async () => {
    await writeAptGet(BROKEN_APT_GET)
    await expect(findChromium()).rejects.toThrow(
      /no Chromium found.*\n.*\n.*Unable to locate package chromium/,
    )
  })

  test('waits for an install under way even when there is a program already', async () => {
    await writeAptGet(BROKEN_APT_GET)
    await symlink('/usr/bin/true', join(folder, 'chromium-browser'))
    const script = 'echo locked; read line; /bin/ln -s /bin/true chromium'
    const installing = spawn('flock', ['/var/lib/apt', 'sh', '-c', script], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    await once(installing.stdout, 'data')
    const found = findChromium()
    // Too short a pause only makes this test assert less.
    await delay(100)
    installing.stdin.end('go\n')
    expect(await found).toBe(join(folder, 'chromium'))
  })
})

async function writeAptGet(script: string): Promise<void> {
  vi.spyOn(process, 'getuid').mockReturnValue(0)
  await writeFile(join(folder, 'apt-get'), script, { mode: 0o755 })
}
