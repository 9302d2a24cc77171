import { access, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { ROOT, readDocuments } from './documents/code-block.js'

const LINK = /\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g
const CODE = /^```.*?^```$|`[^`\n]*`/gms

test('links between documents lead to files and headings that are there', async () => {
  const documents = await readDocuments()
  const broken: string[] = []
  for (const { path, text } of documents) {
    for (const [link, file = '', heading] of text.replaceAll(CODE, '').matchAll(LINK)) {
      const target = file === '' ? path : join(dirname(path), file)
      const there = await access(target).then(
        () => true,
        () => false,
      )
      if (!there || (heading !== undefined && !(await headings(target)).includes(heading))) {
        broken.push(`${relative(ROOT, path)}: ${link}`)
      }
    }
  }
  expect(broken).toEqual([])
})

/** The headings of a document, as links name them. */
async function headings(path: string): Promise<string[]> {
  const text = (await readFile(path, 'utf8')).replaceAll(/^```.*?^```$/gms, '')
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )
}
