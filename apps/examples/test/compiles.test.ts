import { join } from 'node:path'
import { expect, test } from 'vitest'
import { type CodeBlock, ROOT, readDocstrings, readDocuments } from './documents/code-block.js'
import { typeErrors } from './documents/type-errors.js'

const COMPILE_TIMEOUT_MS = 120_000

const BROKEN: CodeBlock = {
  place: 'here:1',
  index: 0,
  name: undefined,
  source: "import { answer } from '@ipc/core'\nconsole.log(answer)\n",
  virtualPath: join(ROOT, 'apps/examples/src/example-broken.ts').replaceAll('\\', '/'),
}

// One compilation for both: it takes seconds.
test('every example in a document or docstring type-checks, and one that calls what does not exist is found', {
  timeout: COMPILE_TIMEOUT_MS,
}, async () => {
  const documents = await readDocuments()
  const examples = [...documents.flatMap(({ blocks }) => blocks), ...(await readDocstrings())]
  expect(examples.length).toBeGreaterThan(0)
  expect(typeErrors([...examples, BROKEN])).toEqual([
    expect.stringContaining('here:1 (example line 1): Module \'"@ipc/core"\' has'),
  ])
})
