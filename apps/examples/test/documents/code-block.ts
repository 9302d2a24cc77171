import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The root of the workspace. */
export const ROOT: string = fileURLToPath(new URL('../../../../', import.meta.url))

/** A block of TypeScript in a document or a docstring. */
export interface CodeBlock {
  /** The file and line where a reader finds it. */
  readonly place: string
  /** Position in the file. */
  readonly index: number
  /** What its first line, a comment, calls it: `server.ts`. */
  readonly name: string | undefined
  readonly source: string
  /** A path for it at which the imports of its package resolve. Nothing is written there. */
  readonly virtualPath: string
}

/** A document that people read: its text and its blocks. */
export interface Document {
  readonly path: string
  readonly text: string
  readonly blocks: readonly CodeBlock[]
}

/** Every README, guide and other Markdown file of the workspace. */
export async function readDocuments(): Promise<Document[]> {
  const documents: Document[] = []
  const folders: [folder: string, importsFrom: string][] = [
    ['.', 'apps/examples/src'],
    ['docs', 'apps/examples/src'],
  ]
  for (const kind of ['packages', 'apps', 'tooling']) {
    for (const name of await readdir(join(ROOT, kind))) {
      // Its README shows the test of a transport.
      const importsFrom = name === 'conformance' ? 'packages/net' : `${kind}/${name}`
      folders.push([`${kind}/${name}`, `${importsFrom}/test`])
    }
  }
  for (const [folder, importsFrom] of folders) {
    for (const file of await readdir(join(ROOT, folder))) {
      if (!file.endsWith('.md')) continue
      const path = join(ROOT, folder, file)
      const text = await read(path)
      documents.push({ path, text, blocks: findBlocks(path, text, join(ROOT, importsFrom)) })
    }
  }
  return documents
}

/** The examples in the docstrings of all packages. */
export async function readDocstrings(): Promise<CodeBlock[]> {
  const blocks: CodeBlock[] = []
  for (const name of await readdir(join(ROOT, 'packages'))) {
    const home = join(ROOT, 'packages', name)
    for (const entry of await readdir(join(home, 'src'), { recursive: true })) {
      if (!entry.endsWith('.ts')) continue
      const path = join(home, 'src', entry)
      blocks.push(...findBlocks(path, await read(path), join(home, 'test')))
    }
  }
  return blocks
}

async function read(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).replaceAll('\r\n', '\n')
}

function findBlocks(path: string, text: string, importsFrom: string): CodeBlock[] {
  const fence = /^( *\* |)```ts\n(.*?)^\1```$/gms
  return [...text.matchAll(fence)].map(({ index, 1: margin = '', 2: body = '' }, number) => {
    const lines = body.split('\n').map((line) => line.slice(Math.min(margin.length, line.length)))
    const source = lines.join('\n')
    const file = posix(relative(ROOT, path))
    return {
      place: `${file}:${text.slice(0, index).split('\n').length + 1}`,
      index,
      name: /^\/\/ ([\w-]+\.ts)\b/.exec(source)?.[1],
      source,
      virtualPath: posix(join(importsFrom, `example-${file.replaceAll(/[^a-z0-9]+/gi, '-')}-${number}.ts`)),
    }
  })
}

function posix(path: string): string {
  return path.replaceAll(sep, '/')
}
