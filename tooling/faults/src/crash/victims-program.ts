import { readSync, writeSync } from 'node:fs'
import { crashAt, die, recordSteps } from './crash-points.js'
import { loadForks } from './fork.js'
import type { Seams } from './seams.js'
import type { VictimReply, VictimRequest } from './victims.js'

/** What a victim is told by {@link VictimRequest.args}, made into its operation. Runs up to there without crash points. */
export type MakeOperation = (args: unknown) => (() => unknown) | Promise<() => unknown>

/** What {@link serveVictims} needs of its program. */
export interface VictimsProgram {
  readonly seams: Seams
  readonly operations: Readonly<Record<string, MakeOperation>>
}

/** The program behind `Victims`: makes a process for each request, and tells how it ended. */
export function serveVictims(program: VictimsProgram): void {
  const forks = loadForks()
  say({ says: 'ready' })
  for (const line of lines(0)) {
    const request = JSON.parse(line) as VictimRequest
    const pid = forks.fork()
    if (pid === 0) {
      // Goes on in the event loop of the new process: this loop is over for it.
      void be(program, request)
      return
    }
    say({ says: 'ended', pid, ...forks.wait(pid) })
  }
}

async function be(
  { seams, operations }: VictimsProgram,
  { operation, args, point, isFree }: VictimRequest,
): Promise<void> {
  try {
    const make = operations[operation]
    if (make === undefined) throw new TypeError(`there is no operation ${operation}`)
    const run = await make(args)
    say({ says: 'begins', pid: process.pid })
    if (isFree === true) await run()
    else if (point === undefined) say({ says: 'took', steps: await recordSteps(seams, run) })
    else await crashAt(seams, point, run, () => say({ says: 'dies', step: point.step }))
    say({ says: 'completed' })
    // What a process does that ends in order; the real end would wait for threads that this one does not have.
    process.emit('exit', 0)
  } catch (error) {
    say({ says: 'failed', why: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
  die()
}

function say(reply: VictimReply): void {
  writeSync(1, `${JSON.stringify(reply)}\n`)
}

/** Lines of a pipe, without the event loop. */
function* lines(fd: number): Generator<string> {
  const chunk = Buffer.alloc(65_536)
  let text = ''
  while (true) {
    for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
      const line = text.slice(0, end)
      text = text.slice(end + 1)
      yield line
    }
    const read = readSync(fd, chunk, 0, chunk.length, null)
    if (read === 0) return
    text += chunk.toString('utf8', 0, read)
  }
}
