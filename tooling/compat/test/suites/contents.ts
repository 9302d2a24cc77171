import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Projects } from '../../src/projects.js'
import { PACKAGES } from '../../src/public-packages.js'

/** What is in the tarball of each package. */
export function describeContents(projects: () => Projects): void {
  describe.each(PACKAGES)('$name packed and installed into an empty project', ({ name }) => {
    const installed = (): string => join(projects().folderOf(name), 'node_modules', name)

    test('holds its build, its sources and a license, and only published versions', async () => {
      const files = await readdir(installed())
      expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'dist', 'package.json', 'src']))
      expect(files).not.toContain('test')
      expect(await readFile(join(installed(), 'package.json'), 'utf8')).not.toMatch(/workspace:|catalog:/)
    })

    test('shows no type that is for authors of transports only', async () => {
      const folder = join(installed(), 'dist')
      const declarations = (await readdir(folder)).filter((file) => file.endsWith('.d.ts'))
      expect(declarations).toContain('index.d.ts')
      for (const file of declarations) {
        expect(await readFile(join(folder, file), 'utf8'), file).not.toContain('@ipc/core/internal')
      }
    })

    test('runs no script when it is installed, and asks for provenance when it is published', async () => {
      const { scripts = {}, publishConfig } = JSON.parse(
        await readFile(join(installed(), 'package.json'), 'utf8'),
      )
      expect(Object.keys(scripts).filter((script) => /install|prepare/.test(script))).toEqual([])
      expect(publishConfig).toEqual({ access: 'public', provenance: true })
    })
  })
}
