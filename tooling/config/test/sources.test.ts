import { readdir, readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
/** Words that say nothing about what a file holds. */
const BANNED_WORDS = ['common', 'handler', 'helper', 'helpers', 'manager', 'misc', 'util', 'utils']
/** Marks of unfinished work, spelled so that this file does not find itself. */
const MARKS = new RegExp(String.raw`\b(${['TO' + 'DO', 'FIX' + 'ME', 'XX' + 'X'].join('|')})\b`)

let files: readonly string[]

beforeAll(async () => {
  const folders = ['packages', 'apps', 'tooling'].map((name) => sourcesUnder(name))
  files = (await Promise.all(folders)).flat()
})

describe('the sources', () => {
  test('have no file named after nothing in particular', () => {
    const wordsOf = (file: string): string[] => basename(file).split(/[-.]/)
    expect(files.length).toBeGreaterThan(0)
    expect(files.filter((file) => wordsOf(file).some((word) => BANNED_WORDS.includes(word)))).toEqual([])
  })

  test('hold no mark of unfinished work', async () => {
    const marked = await Promise.all(
      files.map(async (file) => (MARKS.test(await readFile(join(ROOT, file), 'utf8')) ? [file] : [])),
    )
    expect(marked.flat()).toEqual([])
  })
})

/** Every TypeScript and JavaScript file of ours below a folder of the workspace, relative to its root. */
async function sourcesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(join(ROOT, folder), { withFileTypes: true })
  const found = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) return /^(node_modules|dist|\..*)$/.test(entry.name) ? [] : sourcesUnder(path)
      return /\.[cm]?[jt]s$/.test(entry.name) ? [path] : []
    }),
  )
  return found.flat()
}
