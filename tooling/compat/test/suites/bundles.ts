import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findChromium, INSTALL_TIMEOUT_MS, openPage } from '@ipc/browser'
import { describe, expect, test } from 'vitest'
import { BUNDLERS, bundleFile, readBundle } from '../../src/bundlers.js'
import { execute } from '../../src/execute.js'
import type { Projects } from '../../src/projects.js'
import { sizeOfScript } from '../../src/size-of.js'
import { kib } from '../../src/table-of.js'

const BUNDLE_TIMEOUT_MS = 120_000
/** Its project has what the bundles import. */
const PROJECT = '@ipc/mq-sqlite'

/** Records through each kind of ring, a message over ports, and what there is not in a page. */
const PAGE = `
import { isIpcError, msgpack } from '@ipc/core'
import { mq } from '@ipc/mq'
import { attachRegion, broadcastRing, createRegion, mpscRing, openRegion, shm, spscRing } from '@ipc/shm'

export async function run() {
  const said = []
  const region = createRegion(2 ** 18)
  const other = attachRegion(region.buffer)
  for (const ring of [spscRing, mpscRing, broadcastRing]) {
    const name = 'ring ' + said.length
    const received = ring(region, name, { capacityBytes: 4096 }).consumer().receive()
    await ring(other, name).producer().write(Uint8Array.of(6, 7))
    said.push((await received).join(' '))
  }
  const { port1, port2 } = new MessageChannel()
  const listener = await mq().listen(port1, { codec: msgpack() })
  const [server, client] = await Promise.all([listener.accept(), mq().connect(port2, { codec: msgpack() })])
  client.send({ answer: 42 })
  said.push((await server.receive()).answer)
  await Promise.all([server.close(), client.close()])
  for (const named of [() => openRegion('prices', { bytes: 64 }), () => shm().listen('prices')]) {
    try {
      await named()
    } catch (error) {
      said.push(isIpcError(error) ? error.code : String(error))
    }
  }
  return said
}
`
const SAID = ['6 7', '6 7', '6 7', 42, 'IPC_NOT_SUPPORTED', 'IPC_NOT_SUPPORTED']

const NODE_PROGRAM = `
import { msgpack } from '@ipc/core'
import { mq } from '@ipc/mq'
import { openRegion, removeRegion, spscRing } from '@ipc/shm'
import { MessageChannel } from 'node:worker_threads'

const { port1, port2 } = new MessageChannel()
const listener = await mq().listen(port1, { codec: msgpack() })
const [server, client] = await Promise.all([listener.accept(), mq().connect(port2, { codec: msgpack() })])
client.send(6)
const six = await server.receive()
await Promise.all([server.close(), client.close(), listener.close()])
const name = 'bundle-' + process.pid
const region = process.platform === 'win32' ? undefined : openRegion(name, { bytes: 2 ** 18 })
let seven = 7
if (region !== undefined) {
  spscRing(region, 'ring', { capacityBytes: 4096 }).producer().tryWrite(Uint8Array.of(7))
  seven = spscRing(region, 'ring').consumer().tryReceive()[0]
  region.close()
  removeRegion(name)
}
console.log(six * seven)
`
/** An import of a module that no page has. */
const FOREIGN_IMPORT = /\b(?:from|import|require)\s*\(?\s*["'](?:node:|koffi)/

/** A page and a program for Node.js, bundled from the packed packages by each bundler, run, and measured. */
export function describeBundles(projects: () => Projects): void {
  describe.each(Object.entries(BUNDLERS))('%s', (name, bundle) => {
    async function bundled(source: string, target: 'page' | 'node'): Promise<string> {
      const folder = projects().folderOf(PROJECT)
      const entry = join(folder, `${target}.mjs`)
      const output = join(folder, `${target}-of-${name}`)
      await writeFile(entry, source)
      await mkdir(output)
      await bundle({ entry, output, target })
      return output
    }

    test('bundles a page without a module of Node.js, and it works', {
      timeout: INSTALL_TIMEOUT_MS,
    }, async () => {
      const output = await bundled(PAGE, 'page')
      const script = await readBundle(output)
      expect(script).not.toMatch(FOREIGN_IMPORT)
      expect(script).not.toContain('koffi')
      const { minified, gzip } = await sizeOfScript(script)
      process.stdout.write(`page bundled by ${name}: ${kib(minified)} minified, ${kib(gzip)} gzip\n`)
      await findChromium()
      await using page = await openPage({ entry: bundleFile(output) })
      expect(await page.call('run')).toEqual(SAID)
    })

    test('bundles a program for Node.js, and it works', { timeout: BUNDLE_TIMEOUT_MS }, async () => {
      const output = await bundled(NODE_PROGRAM, 'node')
      const cwd = projects().folderOf(PROJECT)
      expect(await execute(process.execPath, [bundleFile(output)], { cwd })).toBe('42')
    })
  })
}
