import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { transform } from 'esbuild'
import type { DocumentedProgram, ProgramGroup } from './program-group.js'

const POLL_MS = 5

/** A program that was started. */
interface Run {
  readonly child: ChildProcess
  output: string
  complaints: string
  /** `undefined` while it goes on. */
  code: number | null | undefined
}

/** Whether there is what programs need: Windows has neither Unix sockets nor named regions. */
export function runsHere({ programs }: ProgramGroup): boolean {
  const needs = /unix:|shm\(\)|openRegion|openQueue|python3/
  return process.platform !== 'win32' || !programs.some(({ source }) => needs.test(source))
}

/** What the programs of a group printed that they do not say, by name. */
export async function surprises(
  group: ProgramGroup,
  home: string,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const outputs = await runGroup(group, home, signal)
  const said = new Map(group.steps.map(({ name, prints }) => [name, prints]))
  return Object.fromEntries(
    Object.entries(outputs).filter(([name, output]) => !printed(output, said.get(name) ?? '')),
  )
}

/**
 * Run the programs of a document; resolves to what each of them printed, once those that do not end have printed what they
 * should, or `signal` fires.
 *
 * @param home - A directory where the packages are installed.
 */
async function runGroup(
  { steps, programs }: ProgramGroup,
  home: string,
  signal: AbortSignal,
): Promise<Record<string, string>> {
  const directory = await mkdtemp(join(home, 'group-'))
  const env = { ...process.env, PORT: String(await freePort()) }
  const running = new Map<string, Run>()
  try {
    await Promise.all(programs.map((program) => writeProgram(directory, program)))
    for (const { name, background } of steps) {
      const begin = (): Run => start(name, directory, env)
      const run = background ? begin() : await runToEnd(name, begin, running, signal)
      running.set(name, run)
    }
    const outputs: [string, string][] = []
    for (const { name, prints } of steps) {
      const run = running.get(name) as Run
      await until(() => run.code !== undefined || printed(run.output, prints), signal)
      outputs.push([name, run.output])
    }
    return Object.fromEntries(outputs)
  } finally {
    for (const { child } of running.values()) child.kill('SIGKILL')
    await rm(directory, { recursive: true, force: true })
  }
}

/** Whether a text is what was said; `…` stands for anything, and how lines are broken does not matter. */
export function printed(output: string, said: string): boolean {
  const parts = plain(said)
    .split('…')
    .map((part) => part.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  return new RegExp(`^${parts.join('.*')}$`, 's').test(plain(output))
}

function plain(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ')
}

/** What programs start they name as it is called after compilation. */
async function writeProgram(directory: string, { name, source }: DocumentedProgram): Promise<void> {
  if (!name.endsWith('.ts')) return writeFile(join(directory, name), source)
  const { code } = await transform(source, { loader: 'ts', format: 'esm', target: 'node20' })
  await writeFile(join(directory, compiled(name)), code)
}

function compiled(name: string): string {
  return name.replace(/\.ts$/, '.js')
}

/** Run a program until it ends well; again, while who should listen does not do so yet. */
async function runToEnd(
  name: string,
  begin: () => Run,
  others: ReadonlyMap<string, Run>,
  signal: AbortSignal,
): Promise<Run> {
  for (;;) {
    const run = begin()
    try {
      await until(() => run.code !== undefined, signal)
    } finally {
      run.child.kill('SIGKILL')
    }
    if (run.code === 0) return run
    for (const [other, { code, complaints }] of others) {
      if ((code ?? 0) !== 0) throw new Error(`${other} ended with ${code}: ${complaints}`)
    }
    if (!run.complaints.includes('IPC_CONNECT_FAILED')) {
      throw new Error(`${name} ended with ${run.code}: ${run.complaints || run.output}`)
    }
  }
}

function start(name: string, cwd: string, env: NodeJS.ProcessEnv): Run {
  const node = ['--disable-warning=ExperimentalWarning', compiled(name)]
  const child = spawn(process.execPath, node, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] })
  const run: Run = { child, output: '', complaints: '', code: undefined }
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    run.output += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    run.complaints += text
  })
  void once(child, 'close').then(([code]) => {
    run.code = code as number | null
  })
  return run
}

/** For programs that take `PORT`. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** What goes on in another process shows in what it wrote, and is looked for. */
async function until(condition: () => boolean, signal: AbortSignal): Promise<void> {
  while (!condition() && !signal.aborted) await delay(POLL_MS)
}
