import { readFile } from 'node:fs/promises'
import { connectionOptions, describeTransport, localRemote } from '@ipc/conformance'
import { expect, test } from 'vitest'
import { passThrough } from '../src/pass-through/pass-through.js'

let addresses = 0
const freshAddress = (): string => `address-${++addresses}`

describeTransport({
  name: 'pass-through',
  capabilities: passThrough().capabilities,
  async open(options = {}) {
    const transport = passThrough()
    const listener = await transport.listen(freshAddress(), connectionOptions(options.remote))
    const [local, remote] = await Promise.all([
      transport.connect(listener.address, options.local),
      listener.accept(),
    ])
    await listener.close()
    return {
      local,
      remote: localRemote(remote),
      async dispose() {
        local.abort()
        remote.abort()
      },
    }
  },
  endpoint: async () => ({ transport: passThrough(), address: freshAddress }),
})

test('it takes less than 150 lines of code, imports and comments aside', async () => {
  const files = ['pass-through.ts', 'stream-link.ts']
  const sources = await Promise.all(
    files.map((file) => readFile(new URL(`../src/pass-through/${file}`, import.meta.url), 'utf8')),
  )
  const code = sources
    .join('')
    .split('\n')
    .filter((line) => !/^\s*(\/\/|\/\*\*|import |$)/.test(line))
  expect(code.length).toBeLessThan(150)
})
