import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { INSTALL_TIMEOUT_MS, installPackages } from '@ipc/debian'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { ROOT } from './documents/code-block.js'
import { groupOf, type NamedBlock } from './documents/program-group.js'
import { runsHere, surprises } from './documents/run-group.js'

const HOME = join(ROOT, 'apps/examples/src')

/** How the programs of each folder are run; what they print they say themselves. */
const PROGRAMS: Record<string, string> = {
  chat: 'server.ts & member.ts',
  'job-queue': 'send.ts; work.ts',
  piscina: 'main.ts',
  'python-peer': 'main.ts',
  rpc: 'server.ts & client.ts',
  'socket-io': 'main.ts',
  'video-frames': 'viewer.ts & camera.ts',
  'worker-pool': 'main.ts',
}

async function read(folder: string): Promise<NamedBlock[]> {
  const files = await readdir(join(HOME, folder))
  return Promise.all(
    files.map(async (name) => ({
      name,
      place: `apps/examples/src/${folder}/${name}`,
      source: await readFile(join(HOME, folder, name), 'utf8'),
    })),
  )
}

const groups = await Promise.all(
  Object.entries(PROGRAMS).map(async ([folder, command]) => ({
    ...groupOf(command, await read(folder)),
    folder,
  })),
)

if (process.platform !== 'win32') {
  beforeAll(
    () => installPackages({ packages: ['python3'], isThere: 'command -v python3' }),
    INSTALL_TIMEOUT_MS,
  )
}

describe('examples', { timeout: 180_000 }, () => {
  test.concurrent.for(groups.filter(runsHere))('$folder: $title', async (group, { signal, expect }) => {
    expect(await surprises(group, inject('home'), signal)).toEqual({})
  })

  test('are all run', async () => {
    const folders = (await readdir(HOME, { withFileTypes: true })).map(({ name }) => name)
    // These two have tests of their own.
    expect(folders.filter((name) => !(name in PROGRAMS))).toEqual(['compose', 'pass-through'])
  })
})
