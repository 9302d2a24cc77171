import { chmodSync, chownSync, mkdirSync, symlinkSync } from 'node:fs'
import { type Listener, net } from '@ipc/net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { checkDirectory, checkSocketOwner } from '../src/unix-owner.js'
import { type TemporaryDirectory, temporaryDirectory } from './fixtures/temporary-directory.js'

const transport = net()
const self = process.getuid?.() ?? 0
/** As seen by somebody who is neither this user nor root. */
const somebody = self + 4711
let temporary: TemporaryDirectory
let path: string
let listener: Listener

beforeEach(async () => {
  temporary = temporaryDirectory()
  mkdirSync(`${temporary.directory}/inner`, { mode: 0o700 })
  path = `${temporary.directory}/inner/socket`
  listener = await transport.listen(`unix:${path}`)
})

afterEach(async () => {
  await listener.close()
  temporary.remove()
})

describe('owner of a Unix socket', () => {
  test('is known to the dialer', async () => {
    const [near] = await Promise.all([transport.connect(`unix:${path}`), listener.accept()])
    expect(near.peer).toEqual({ transport: 'net', address: `unix:${path}`, uid: self })
    await near.close()
  })

  test('of another user is IPC_PERMISSION_DENIED', () => {
    // Only root can give files away; everybody else can be looked at as a stranger.
    if (self === 0) chownSync(path, somebody, somebody)
    expect(() => checkSocketOwner(path, self === 0 ? self : somebody)).toThrow(
      expect.objectContaining({
        code: 'IPC_PERMISSION_DENIED',
        message: expect.stringContaining(`belongs to user ${self === 0 ? somebody : self}`),
      }),
    )
  })

  test('may be root, whose socket nobody else can put there', () => {
    expect(checkSocketOwner('/', self)).toBe(0)
  })

  test.each([0o720, 0o702, 0o777])(
    'a directory of mode %o, where others can replace it, is refused',
    async (mode) => {
      chmodSync(`${temporary.directory}/inner`, mode)
      const denied = { code: 'IPC_PERMISSION_DENIED', message: expect.stringContaining('chmod go-w') }
      await expect(transport.connect(`unix:${path}`)).rejects.toMatchObject(denied)
      await expect(transport.listen(`unix:${path}2`)).rejects.toMatchObject(denied)
    },
  )

  test('a directory where everybody may put files and nobody may take away those of others is good', async () => {
    chmodSync(`${temporary.directory}/inner`, 0o1777)
    const [near] = await Promise.all([transport.connect(`unix:${path}`), listener.accept()])
    await near.close()
  })

  test('a symbolic link in place of the socket is refused', async () => {
    symlinkSync(path, `${temporary.directory}/link`)
    await expect(transport.connect(`unix:${temporary.directory}/link`)).rejects.toMatchObject({
      code: 'IPC_PERMISSION_DENIED',
      message: expect.stringContaining('symbolic link'),
    })
  })

  test('where there is nothing yet, nothing is refused', () => {
    expect(checkSocketOwner(`${path}-missing`)).toBeUndefined()
    expect(() => checkDirectory('/missing/socket')).not.toThrow()
  })
})
