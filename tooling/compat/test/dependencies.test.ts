import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { installedWith } from '../src/lockfile.js'
import { PACKAGES } from '../src/public-packages.js'

const DOCUMENT = fileURLToPath(new URL('../../../docs/dependencies.md', import.meta.url))

let document: string
const installed = new Map<string, readonly string[]>()

beforeAll(async () => {
  document = await readFile(DOCUMENT, 'utf8')
  for (const { name, folder } of PACKAGES) installed.set(name, await installedWith(folder))
})

/** A dependency that is not in docs/dependencies.md, with its reason, does not get in. */
describe('docs/dependencies.md', () => {
  test.each(PACKAGES)('counts what is installed with $name', ({ name }) => {
    const names = installed.get(name) ?? []
    expect(document).toContain(`| \`${name}\` | ${names.length} | ${listed(names)} |`)
  })

  test('says of each why it is there, and of no other', () => {
    const reasons = document.slice(document.indexOf('## Why each'))
    const named = [...reasons.matchAll(/^\| `([^`]+)` \|/gm)].map(([, name]) => name)
    const all = new Set([...installed.values()].flat())
    expect(named).toEqual([...all].sort())
  })
})

function listed(names: readonly string[]): string {
  return names.map((name) => `\`${name}\``).join(', ')
}
