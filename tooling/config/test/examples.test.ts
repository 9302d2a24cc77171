import { readdir, readFile } from 'node:fs/promises'
import { join, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { beforeAll, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const COMPILE_TIMEOUT_MS = 120_000

interface Example {
  /** The file and line where a reader finds it. */
  readonly place: string
  /** A path for it at which the imports of its package resolve. Nothing is written there. */
  readonly path: string
  readonly source: string
}

let examples: readonly Example[]

beforeAll(async () => {
  examples = await findExamples()
})

test('every example in a docstring or README type-checks', { timeout: COMPILE_TIMEOUT_MS }, () => {
  expect(examples.length).toBeGreaterThan(0)
  expect(typeErrors(examples)).toEqual([])
})

test('an example that calls what does not exist is found', { timeout: COMPILE_TIMEOUT_MS }, () => {
  const broken: Example = {
    place: 'here:1',
    path: join(ROOT, 'packages/core/test/example-broken.ts'),
    source: "import { answer } from '@ipc/core'\nconsole.log(answer)\n",
  }
  expect(typeErrors([broken])).toEqual([
    expect.stringContaining('here:1 (example line 1): Module \'"@ipc/core"\' has'),
  ])
})

/** What TypeScript has to say about the examples, each with the place where a reader finds it. */
function typeErrors(subjects: readonly Example[]): string[] {
  const byPath = new Map(subjects.map((example) => [posix(example.path), example]))
  const options: ts.CompilerOptions = { ...readOptions(), noUnusedLocals: false, noUnusedParameters: false }
  const host = ts.createCompilerHost(options)
  const { fileExists, getSourceFile } = host
  host.fileExists = (path) => byPath.has(path) || fileExists(path)
  host.getSourceFile = (path, languageVersion, ...rest) => {
    const example = byPath.get(path)
    if (example === undefined) return getSourceFile(path, languageVersion, ...rest)
    return ts.createSourceFile(path, example.source, languageVersion)
  }
  const program = ts.createProgram([...byPath.keys()], options, host)
  return [...byPath.keys()].flatMap((path) => {
    const file = program.getSourceFile(path)
    const diagnostics = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
    return diagnostics.map(({ file: at, start, messageText }) => {
      const line = (at?.getLineAndCharacterOfPosition(start ?? 0).line ?? 0) + 1
      const place = byPath.get(path)?.place
      return `${place} (example line ${line}): ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
    })
  })
}

function readOptions(): ts.CompilerOptions {
  const path = fileURLToPath(new URL('../tsconfig/app.json', import.meta.url))
  const config: object = ts.readConfigFile(path, ts.sys.readFile).config
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, join(path, '..'))
  // Otherwise looked for from wherever the tests were started.
  return { ...options, typeRoots: [fileURLToPath(new URL('../node_modules/@types', import.meta.url))] }
}

async function findExamples(): Promise<Example[]> {
  const found = await examplesIn(join(ROOT, 'README.md'), join(ROOT, 'apps/demo/src'))
  for (const name of await readdir(join(ROOT, 'packages'))) {
    const home = join(ROOT, 'packages', name)
    for (const file of await readdir(home)) {
      if (file.endsWith('.md')) found.push(...(await examplesIn(join(home, file), join(home, 'test'))))
    }
    for (const entry of await readdir(join(home, 'src'), { recursive: true })) {
      if (entry.endsWith('.ts'))
        found.push(...(await examplesIn(join(home, 'src', entry), join(home, 'test'))))
    }
  }
  return found
}

/** The `ts` blocks of a Markdown file or of a source file's docstrings. */
async function examplesIn(path: string, folder: string): Promise<Example[]> {
  const text = (await readFile(path, 'utf8')).replaceAll('\r\n', '\n')
  const block = /^( *\* |)```ts\n(.*?)^\1```$/gms
  return [...text.matchAll(block)].map(([, margin = '', body = ''], index) => {
    const lineNumber = text.slice(0, text.indexOf(body)).split('\n').length
    const lines = body.split('\n').map((line) => line.slice(Math.min(margin.length, line.length)))
    const name = `example-${relative(ROOT, path).replaceAll(/[^a-z0-9]+/gi, '-')}-${index}.ts`
    return {
      place: `${posix(relative(ROOT, path))}:${lineNumber}`,
      path: join(folder, name),
      source: lines.join('\n'),
    }
  })
}

function posix(path: string): string {
  return path.replaceAll(sep, '/')
}
