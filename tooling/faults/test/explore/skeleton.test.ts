import { expect, test } from 'vitest'

test('the package is there', async () => {
  await expect(import('../../src/index.js')).resolves.toBeDefined()
})
