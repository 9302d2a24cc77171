import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { CannotShow } from './statement.js'

/**
 * Count the system calls that all threads of some processes make while `run` is at work.
 *
 * @param directory - For what strace writes.
 * @throws CannotShow when strace is missing, or this user must not trace.
 */
export async function countSystemCalls(
  pids: readonly number[],
  directory: string,
  run: () => Promise<unknown>,
): Promise<number[]> {
  const tables = pids.map((pid) => join(directory, `strace-${pid}`))
  const tracers = pids.map((pid, index) =>
    spawn('strace', ['-f', '-c', '-o', tables[index] as string, '-p', String(pid)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    }),
  )
  try {
    await Promise.all(tracers.map(({ stderr }, index) => attached(tracers[index]!, stderr)))
    await run()
  } finally {
    // Detaches, and writes its table.
    for (const tracer of tracers) tracer.kill('SIGINT')
    await Promise.all(tracers.map(ended))
  }
  return tables.map((table) => totalIn(readFileSync(table, 'utf8')))
}

async function attached(tracer: ReturnType<typeof spawn>, stderr: NodeJS.ReadableStream): Promise<void> {
  let said = ''
  const missing = once(tracer, 'error').then(([error]: Error[]) => {
    throw new CannotShow(
      /ENOENT/.test(error?.message ?? '') ? 'strace is missing' : `strace: ${error?.message}`,
    )
  })
  missing.catch(() => {})
  const refused = once(tracer, 'close').then(() => {
    throw new CannotShow(`strace cannot attach: ${said.trim().split('\n').at(-1) ?? ''}`)
  })
  refused.catch(() => {})
  const ready = new Promise<void>((resolve) => {
    stderr.on('data', (text: Buffer) => {
      said += text
      if (said.includes('attached')) resolve()
    })
  })
  await Promise.race([ready, missing, refused])
}

async function ended(tracer: ReturnType<typeof spawn>): Promise<void> {
  if (tracer.pid === undefined || tracer.exitCode !== null || tracer.signalCode !== null) return
  await once(tracer, 'exit')
}

/** Of lines like ` 50.00    0.000012           1        12         3 futex`. */
function totalIn(table: string): number {
  let total = 0
  for (const line of table.split('\n')) {
    const fields = line.trim().split(/\s+/)
    const isCall = fields.length >= 5 && /^[\d.]+$/.test(fields[0] ?? '') && fields.at(-1) !== 'total'
    if (isCall) total += Number(fields[3])
  }
  return total
}
