import { net } from '@ipc/net'
import { describe, expect, test } from 'vitest'
import { formatTcp, isLoopback, parseAddress } from '../src/address.js'
import { checkPipes, pipePath } from '../src/pipe-name.js'

describe('address', () => {
  test.each([
    ['tcp://127.0.0.1:4000', { scheme: 'tcp', host: '127.0.0.1', port: 4000 }],
    ['tcp://[::1]:4000', { scheme: 'tcp', host: '::1', port: 4000 }],
    ['tcp://[fe80::1%eth0]:1', { scheme: 'tcp', host: 'fe80::1%eth0', port: 1 }],
    ['tcp://localhost:0', { scheme: 'tcp', host: 'localhost', port: 0 }],
    ['tcp://db-1.example.org.:65535', { scheme: 'tcp', host: 'db-1.example.org.', port: 65535 }],
    ['tls://db.example.org:4000', { scheme: 'tls', host: 'db.example.org', port: 4000 }],
    ['tls://[::1]:0', { scheme: 'tls', host: '::1', port: 0 }],
    ['pipe:my-app.main_1', { scheme: 'pipe', name: 'my-app.main_1' }],
    ['unix:/run/app/main.sock', { scheme: 'unix', path: '/run/app/main.sock' }],
    ['unix:/with space:and colon', { scheme: 'unix', path: '/with space:and colon' }],
  ])('%s is read', (text, address) => {
    expect(parseAddress(text)).toEqual(address)
  })

  test.each([
    '',
    'tcp',
    'tcp:',
    'tcp://',
    'tcp://:4000',
    'tcp://host',
    'tcp://host:',
    'tcp://host:65536',
    'tcp://host:123456',
    'tcp://host:-1',
    'tcp://host:0x10',
    'tcp://host:4000/',
    'tcp://host:4000/path',
    'tcp://user@host:4000',
    'tcp://::1:4000',
    'tcp://[::1]',
    'tcp://[127.0.0.1]:4000',
    'tcp://[::1:4000',
    'tcp://256.0.0.1:4000',
    'tcp://127.1:4000',
    'tcp://*:4000',
    'tcp://ho st:4000',
    'tcp://-host:4000',
    'tcp://a..b:4000',
    `tcp://${'a'.repeat(254)}:4000`,
    'TCP://127.0.0.1:4000',
    ' tcp://127.0.0.1:4000',
    'tcp://127.0.0.1:4000\n',
    'tls://',
    'tls://host',
    'tls:host:1',
    'tls://[::1]',
    'pipe:',
    'pipe:a/b',
    'pipe:a\\b',
    'pipe:..\\\\server\\pipe\\x',
    `pipe:${'a'.repeat(201)}`,
    'unix:@abstract',
    'unix:',
    'unix:relative.sock',
    'unix:/',
    'unix:/directory/',
    'unix:/nul\0byte',
    'http://localhost:80',
    '/run/app.sock',
    '4000',
    undefined,
    4000,
    null,
  ])('%j is refused with a TypeError', (text) => {
    expect(() => parseAddress(text as string)).toThrow(TypeError)
  })

  test('a TypeError names the bad value and what is supported', () => {
    expect(() => parseAddress('ftp://host')).toThrow(
      /tcp:\/\/host:port, tls:\/\/host:port, unix:\/path and pipe:name.*"ftp:\/\/host"/,
    )
  })

  test('an abstract Unix socket is refused, and the message says why', () => {
    for (const text of ['unix:@name', 'unix:\0name']) {
      expect(() => parseAddress(text)).toThrow(/abstract Unix sockets have no owner/)
    }
  })

  test('named pipes have a name of Windows, and are IPC_NOT_SUPPORTED elsewhere', () => {
    expect(pipePath('my-app')).toBe('\\\\.\\pipe\\my-app')
    expect(() => checkPipes('win32')).not.toThrow()
    expect(() => checkPipes('linux')).toThrow(/use unix:\/path here/)
  })

  test.runIf(process.platform !== 'win32')('pipe: rejects IPC_NOT_SUPPORTED', async () => {
    for (const attempt of [net().connect('pipe:name'), net().listen('pipe:name')]) {
      await expect(attempt).rejects.toMatchObject({ code: 'IPC_NOT_SUPPORTED' })
    }
  })

  test.each([
    ['127.0.0.1', true],
    ['127.200.3.4', true],
    ['::1', true],
    ['0:0:0:0:0:0:0:1', true],
    ['0000:0000:0000:0000:0000:0000:0000:0001', true],
    ['::ffff:127.0.0.1', true],
    ['0.0.0.0', false],
    ['::', false],
    ['10.0.0.1', false],
    ['128.0.0.1', false],
    ['::ffff:10.0.0.1', false],
    ['2001:db8::1', false],
    ['::11', false],
  ])('%s is loopback: %s', (ip, expected) => {
    expect(isLoopback(ip)).toBe(expected)
  })

  test('what is formatted can be read again', () => {
    for (const host of ['127.0.0.1', '::1', 'localhost']) {
      expect(parseAddress(formatTcp(host, 80))).toEqual({ scheme: 'tcp', host, port: 80 })
      expect(parseAddress(formatTcp(host, 80, 'tls'))).toEqual({ scheme: 'tls', host, port: 80 })
    }
  })
})
