import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { PACKAGES_CONDITION } from '@ipc/conformance/packages-condition'
import { natsObstacle, startNatsServer } from '@ipc/debian'
import { describe, expect, test } from 'vitest'

const program = fileURLToPath(new URL('../examples/move-a-queue.ts', import.meta.url))
const OBSTACLE = await natsObstacle()
const OUTPUT = `sent twice, queued once: true
paid: Ada at attempt 1, Grace at attempt 1, Edsger at attempt 2; 6440 cents
given up: nobody, no such customer
`

async function run(...args: readonly string[]): Promise<string> {
  const node = ['--import', import.meta.resolve('tsx'), PACKAGES_CONDITION, program, ...args]
  const { stdout } = await promisify(execFile)(process.execPath, node)
  return stdout
}

describe('the program whose queue moves', { timeout: 60_000 }, () => {
  test('does the same with a queue in its process', async () => {
    expect(await run('memory')).toBe(OUTPUT)
  })

  test('does the same with a queue in a directory', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'ipc-move-'))
    expect(await run('sqlite', join(directory, 'queues'))).toBe(OUTPUT)
    await rm(directory, { recursive: true })
  })

  test.runIf(OBSTACLE === undefined)('does the same with a queue on a NATS server', async () => {
    const server = await startNatsServer()
    expect(await run('nats', server.url)).toBe(OUTPUT)
    await server.remove()
  })
})
