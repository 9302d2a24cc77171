import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const SET_UP_TIMEOUT_MS = 300_000
const TYPE_CHECK_TIMEOUT_MS = 120_000
const run = promisify(execFile)

interface PublicPackage {
  readonly name: string
  /** Folder under `packages/`. */
  readonly folder: string
  /** Packages of ours that it depends on, packed and installed beside it. */
  readonly needs: readonly string[]
  /** Of others, that its users install beside it. */
  readonly peers?: readonly string[]
  /** A user's first lines, which have to type-check. */
  readonly usage: string
  /** A program with the package as `api` that prints 42 and leaves nothing open that would keep it from exiting. */
  readonly program: string
}

const PACKAGES: readonly PublicPackage[] = [
  {
    name: '@ipc/core',
    folder: 'core',
    needs: [],
    usage: `
import { type Connection, isIpcError, request } from '@ipc/core'
export async function ask(connection: Connection): Promise<unknown> {
  try {
    return await request(connection, 'question', { timeoutMs: 1000 })
  } catch (error) {
    if (isIpcError(error, 'IPC_TIMEOUT')) return undefined
    throw error
  }
}
`,
    program: `
const codec = api.msgpack()
const bytes = new Uint8Array(64)
const end = codec.encode({ answer: 42 }, bytes, 0)
console.log(codec.decode(bytes, 0, end).answer)
`,
  },
  {
    name: '@ipc/shm',
    folder: 'shm',
    needs: ['@ipc/core'],
    usage: `
import { type Connection, shm } from '@ipc/shm'
export const connection: Promise<Connection<string, number>> = shm().connect<string, number>('prices')
`,
    program:
      process.platform === 'win32' ? bufferProgram() : connectionProgram('shm', "'packed-' + process.pid"),
  },
  {
    name: '@ipc/mq',
    folder: 'mq',
    needs: ['@ipc/core'],
    usage: `
import { MessageChannel } from 'node:worker_threads'
import { type Listener, mq, type PortTarget } from '@ipc/mq'
const { port1 } = new MessageChannel()
export const listener: Promise<Listener<string, string, PortTarget>> = mq().listen<string>(port1)
`,
    program: `const { port1, port2 } = new MessageChannel()\n${connectionProgram('mq', 'port1', 'port2')}`,
  },
  {
    name: '@ipc/mq-nats',
    folder: 'mq-nats',
    needs: ['@ipc/core', '@ipc/mq'],
    usage: `
import { type MessageQueue, natsQueue } from '@ipc/mq-nats'
import { connect } from '@nats-io/transport-node'
export const queue: Promise<MessageQueue<string>> = connect().then((connection) => natsQueue<string>(connection, 'jobs'))
`,
    // There is no server here.
    program: `
const closed = { isClosed: () => true }
await api.natsQueue(closed, 'jobs').catch(({ code }) => console.log(code === 'IPC_CLOSED' ? 42 : code))
`,
  },
  {
    name: '@ipc/net',
    folder: 'net',
    needs: ['@ipc/core'],
    usage: `
import { type Connection, net } from '@ipc/net'
export const connection: Promise<Connection<string, number>> = net().connect<string, number>('tcp://127.0.0.1:7000')
`,
    program: connectionProgram('net', "'tcp://127.0.0.1:0'"),
  },
  {
    name: '@ipc/mq-sqlite',
    folder: 'mq-sqlite',
    needs: ['@ipc/core', '@ipc/mq', '@ipc/shm'],
    peers: ['@photostructure/sqlite'],
    usage: `
import { type MessageQueue, openQueue } from '@ipc/mq-sqlite'
export const jobs: Promise<MessageQueue<{ url: string }>> = openQueue<{ url: string }>('./queues', 'jobs')
`,
    program: `
const queue = await api.openQueue('./queues-of-' + process.pid, 'answers')
await queue.send({ answer: 42 })
const delivery = await queue.receive()
console.log(delivery.body.answer)
await delivery.ack()
`,
  },
  {
    name: '@ipc/cli',
    folder: 'cli',
    needs: ['@ipc/core', '@ipc/mq', '@ipc/mq-sqlite', '@ipc/net', '@ipc/shm'],
    usage: `
import { EXIT_CODES, run } from '@ipc/cli'
const { stdin, stdout, stderr } = process
export const isThere: Promise<boolean> = run(['stat', 'prices'], {
  stdin, stdout, stderr, signal: new AbortController().signal,
}).then((code) => code !== EXIT_CODES.notFound)
`,
    program: `
const { stdin, stdout, stderr } = process
const terminal = { stdin, stdout: { write: () => true }, stderr, signal: new AbortController().signal }
console.log((await api.run(['ls', '--json'], terminal)) === 0 ? 42 : 'failed')
`,
  },
]

const COMPILERS = [
  ['TypeScript 5.9', 'typescript', 'lib/tsc.js'],
  ['TypeScript 7', 'typescript-7', 'bin/tsc'],
] as const
/** A CommonJS file beside the ESM one: TypeScript lets it `require` an ESM package under nodenext. */
const RESOLUTIONS = [
  { moduleResolution: 'nodenext', module: 'nodenext', consumers: ['consumer.ts', 'consumer.cts'] },
  { moduleResolution: 'bundler', module: 'esnext', consumers: ['consumer.ts'] },
]
/** Nothing is skipped: the declarations of the package and of what it imports are checked too. */
const CONSUMER_OPTIONS = {
  strict: true,
  noEmit: true,
  target: 'es2022',
  lib: ['es2024', 'esnext.disposable'],
  types: ['node'],
  typeRoots: [fileURLToPath(new URL('../node_modules/@types', import.meta.url))],
}

let home: string
let tarballs: ReadonlyMap<string, string>

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'ipc-packages-'))
  tarballs = await packAll(join(home, 'tarballs'))
  await Promise.all([...PACKAGES.map((candidate) => createProject(candidate)), writeTsconfigs()])
}, SET_UP_TIMEOUT_MS)

afterAll(() => rm(home, { recursive: true, force: true }))

describe.each(PACKAGES)('$name packed and installed into an empty project', (candidate) => {
  test('holds its build, its sources and a license, and only published versions', async () => {
    const folder = join(home, candidate.folder, 'node_modules', candidate.name)
    const files = await readdir(folder)
    expect(files).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'dist', 'package.json', 'src']))
    expect(files).not.toContain('test')
    expect(await readFile(join(folder, 'package.json'), 'utf8')).not.toMatch(/workspace:|catalog:/)
  })

  test('shows no type that is for authors of transports only', async () => {
    const folder = join(home, candidate.folder, 'node_modules', candidate.name, 'dist')
    const declarations = (await readdir(folder)).filter((file) => file.endsWith('.d.ts'))
    expect(declarations).toContain('index.d.ts')
    for (const file of declarations) {
      expect(await readFile(join(folder, file), 'utf8'), file).not.toContain('@ipc/core/internal')
    }
  })

  test('works by import', async () => {
    const source = `import * as api from '${candidate.name}'\n${candidate.program}`
    expect(await runProgram(candidate, 'program.mjs', source)).toBe('42')
  })

  test('works by require', async () => {
    const source = `const api = require('${candidate.name}')\nvoid (async () => {\n${candidate.program}\n})()`
    expect(await runProgram(candidate, 'program.cjs', source)).toBe('42')
  })
})

describe.each(COMPILERS)('%s', (_name, compiler, entry) => {
  test.each(RESOLUTIONS)(
    'type-checks the user of each package with moduleResolution $moduleResolution',
    async ({ moduleResolution }) => {
      const tsc = join(createRequire(import.meta.url).resolve(`${compiler}/package.json`), '..', entry)
      const project = `tsconfig.${moduleResolution}.json`
      await expect(execute(home, process.execPath, [tsc, '-p', project])).resolves.toBe('')
    },
    TYPE_CHECK_TIMEOUT_MS,
  )
})

/** Packs every public package as a release would, and finds the tarballs by package name. */
async function packAll(destination: string): Promise<ReadonlyMap<string, string>> {
  await mkdir(destination)
  const pack = ['--filter', './packages/*', '-r', 'pack', '--pack-destination', destination]
  await execute(ROOT, 'npx', ['-y', 'pnpm', ...pack])
  const byName = new Map<string, string>()
  for (const file of await readdir(destination)) {
    byName.set(file.replace(/^ipc-(.+?)-\d.*$/, '@ipc/$1'), join(destination, file))
  }
  return byName
}

/** An empty project that installs one package with npm, as a user does; siblings come from their tarballs too. */
async function createProject(candidate: PublicPackage): Promise<void> {
  const folder = join(home, candidate.folder)
  await mkdir(folder)
  const tarball = (name: string): string => {
    const path = tarballs.get(name)
    if (path === undefined) throw new Error(`no tarball of ${name}; pnpm pack made ${[...tarballs.keys()]}`)
    return `file:${path}`
  }
  const manifest = {
    name: 'consumer',
    private: true,
    type: 'module',
    dependencies: {
      ...Object.fromEntries([candidate.name, ...candidate.needs].map((name) => [name, tarball(name)])),
      ...Object.fromEntries((candidate.peers ?? []).map((name) => [name, '*'])),
    },
  }
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest))
  await writeFile(join(folder, 'consumer.ts'), candidate.usage)
  await writeFile(
    join(folder, 'consumer.cts'),
    `import api = require('${candidate.name}')\nexport const names: string[] = Object.keys(api)\n`,
  )
  // Nothing of ours needs an install script.
  await execute(folder, 'npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline'])
}

/** One compilation for the users of all packages, each of which finds only what its own project has installed. */
async function writeTsconfigs(): Promise<void> {
  for (const { moduleResolution, module, consumers } of RESOLUTIONS) {
    const files = PACKAGES.flatMap(({ folder }) => consumers.map((file) => `${folder}/${file}`))
    const compilerOptions = { ...CONSUMER_OPTIONS, module, moduleResolution }
    const path = join(home, `tsconfig.${moduleResolution}.json`)
    await writeFile(path, JSON.stringify({ compilerOptions, files }))
  }
}

async function runProgram(candidate: PublicPackage, file: string, source: string): Promise<string> {
  await writeFile(join(home, candidate.folder, file), source)
  return execute(join(home, candidate.folder), process.execPath, [file])
}

/** One message from a client to a server of the same process, and the end of everything. */
function connectionProgram(factory: string, address: string, peerAddress = 'listener.address'): string {
  return `
const transport = api.${factory}()
const listener = await transport.listen(${address})
const [server, client] = await Promise.all([listener.accept(), transport.connect(${peerAddress})])
client.send({ answer: 42 })
console.log((await server.receive()).answer)
await Promise.all([server.close(), client.close()])
await listener.close()
`
}

/** Named regions are not there yet on Windows; regions of a SharedArrayBuffer are everywhere. */
function bufferProgram(): string {
  return `
const region = api.createRegion(4096)
region.bytes[0] = 42
console.log(api.attachRegion(region.buffer).bytes[0])
`
}

/** Runs a command to its end and gives its output, or throws with all that it printed. */
async function execute(cwd: string, command: string, args: readonly string[]): Promise<string> {
  // npm and npx are `.cmd` files on Windows, which only a shell can start.
  const shell = process.platform === 'win32' && command !== process.execPath
  // Settings that pnpm and vitest pass to their children are not part of a user's environment.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(npm_|pnpm_|node_options$|node_path$|vitest)/i.test(name),
    ),
  )
  try {
    const { stdout } = await run(command, [...args], { cwd, env, shell, maxBuffer: 16 * 1024 * 1024 })
    return stdout.trim()
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string }
    throw new Error(`${command} ${args.join(' ')} failed\n${stdout}\n${stderr}`, { cause: error })
  }
}
