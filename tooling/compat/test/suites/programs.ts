import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { execute } from '../../src/execute.js'
import { NODE_VERSIONS, nodeOf } from '../../src/node-versions.js'
import type { Projects } from '../../src/projects.js'
import { PACKAGES } from '../../src/public-packages.js'

/** Once a version is there, its programs take a second or two; a first download may take minutes. */
const DOWNLOAD_TIMEOUT_MS = 300_000
const LINES = PACKAGES.map(({ name }) => `${name} 42`)

/** Runs the programs of all packages one after the other, each from its own project. */
const DRIVER = `
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
const [home, kind, packages] = process.argv.slice(2)
const { log } = console
for (const { name, folder } of JSON.parse(packages)) {
  console.log = (answer) => log(name, answer)
  process.chdir(join(home, folder))
  const program = join(home, folder, 'program.' + kind)
  await (kind === 'mjs' ? import(pathToFileURL(program)) : createRequire(program)(program))
}
`

/** A small program of each package, by import and by require, on this Node.js and on all that are supported. */
export function describePrograms(projects: () => Projects): void {
  describe.each(PACKAGES)('$name in a program', ({ name }) => {
    test.each(['mjs', 'cjs'])('works as %s', async (kind) => {
      const folder = projects().folderOf(name)
      expect(await execute(process.execPath, [`program.${kind}`], { cwd: folder })).toBe('42')
    })

    test('works on the command line', async () => {
      const cwd = projects().folderOf(name)
      const program = await readFile(join(cwd, 'program.mjs'), 'utf8')
      expect(await execute(process.execPath, ['--input-type=module', '--eval', program], { cwd })).toBe('42')
    })
  })

  describe.each(NODE_VERSIONS)('Node.js %s', (version) => {
    test(
      'runs a program of each package by import and by require',
      async () => {
        const node = await nodeOf(version)
        const { home } = projects()
        const driver = join(home, 'driver.mjs')
        await writeFile(driver, DRIVER)
        const names = JSON.stringify(PACKAGES.map(({ name, folder }) => ({ name, folder })))
        const run = (kind: string): Promise<string> =>
          execute(node, [driver, home, kind, names], { cwd: home })
        const outputs = await Promise.all([run('mjs'), run('cjs')])
        expect(outputs.map((output) => output.split('\n'))).toEqual([LINES, LINES])
      },
      DOWNLOAD_TIMEOUT_MS,
    )
  })
}
