import { join } from 'node:path'
import ts from 'typescript'
import { type CodeBlock, ROOT } from './code-block.js'

/** What TypeScript has to say about blocks, each with the place where a reader finds it. */
export function typeErrors(blocks: readonly CodeBlock[]): string[] {
  const byPath = new Map(blocks.map((block) => [block.virtualPath, block]))
  const options: ts.CompilerOptions = { ...readOptions(), noUnusedLocals: false, noUnusedParameters: false }
  const host = ts.createCompilerHost(options)
  const { fileExists, getSourceFile } = host
  host.fileExists = (path) => byPath.has(path) || fileExists(path)
  host.getSourceFile = (path, languageVersion, ...rest) => {
    const block = byPath.get(path)
    if (block === undefined) return getSourceFile(path, languageVersion, ...rest)
    return ts.createSourceFile(path, block.source, languageVersion)
  }
  const program = ts.createProgram([...byPath.keys()], options, host)
  return [...byPath].flatMap(([path, { place }]) => {
    const file = program.getSourceFile(path)
    const diagnostics = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
    return diagnostics.map(({ file: at, start, messageText }) => {
      const line = (at?.getLineAndCharacterOfPosition(start ?? 0).line ?? 0) + 1
      return `${place} (example line ${line}): ${ts.flattenDiagnosticMessageText(messageText, ' ')}`
    })
  })
}

function readOptions(): ts.CompilerOptions {
  const path = join(ROOT, 'tooling/config/tsconfig/app.json')
  const config: object = ts.readConfigFile(path, ts.sys.readFile).config
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [] }, ts.sys, join(path, '..'))
  // Otherwise looked for from wherever the tests were started.
  return { ...options, typeRoots: [join(ROOT, 'tooling/config/node_modules/@types')] }
}
