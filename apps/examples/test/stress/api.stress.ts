import { execFile } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { ROOT } from '../documents/code-block.js'

/** What packages have for each other, or is no code. */
const NOT_PUBLIC = ['./internal', './package.json']

/** The entries of a package that users may import, as its reference names them: `shm_src`, `shm_src_inspect`. */
async function modulesOf(folder: string): Promise<string[]> {
  const json = await readFile(join(ROOT, 'packages', folder, 'package.json'), 'utf8')
  const { exports } = JSON.parse(json) as { readonly exports: Readonly<Record<string, unknown>> }
  return Object.keys(exports)
    .filter((entry) => !NOT_PUBLIC.includes(entry))
    .map((entry) => `${folder}_src${entry.slice(1).replaceAll('/', '_')}.html`)
}

test('the API reference builds without a warning and has every public entry', {
  timeout: 600_000,
}, async () => {
  const out = await mkdtemp(join(tmpdir(), 'ipc-api-'))
  const typedoc = join(ROOT, 'node_modules/typedoc/bin/typedoc')
  await promisify(execFile)(process.execPath, [typedoc, '--out', out, '--logLevel', 'Warn'], { cwd: ROOT })
  const folders = await readdir(join(ROOT, 'packages'))
  const entries = (await Promise.all(folders.map(modulesOf))).flat()
  expect((await readdir(join(out, 'modules'))).sort()).toEqual(entries.sort())
  await rm(out, { recursive: true })
})
