import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { ROOT } from '../documents/code-block.js'

test('the API reference builds without a warning and has every library', { timeout: 600_000 }, async () => {
  const out = await mkdtemp(join(tmpdir(), 'ipc-api-'))
  const typedoc = join(ROOT, 'node_modules/typedoc/bin/typedoc')
  await promisify(execFile)(process.execPath, [typedoc, '--out', out, '--logLevel', 'Warn'], { cwd: ROOT })
  const modules = await readdir(join(out, 'modules'))
  const libraries = (await readdir(join(ROOT, 'packages'))).filter((name) =>
    existsSync(join(ROOT, 'packages', name, 'src/index.ts')),
  )
  expect(modules.sort()).toEqual(libraries.map((name) => `${name}_src.html`).sort())
  await rm(out, { recursive: true })
})
