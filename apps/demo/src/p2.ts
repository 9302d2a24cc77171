import { writeSync } from 'node:fs'
import type { P2Job, P2Report } from './job.js'
import { runP2 } from './p2-side.js'
import { removeScratch } from './scratch.js'

const job = JSON.parse(process.argv[2]!) as P2Job

// Ctrl-C reaches the whole group of processes: P0 decides what becomes of it.
process.on('SIGINT', () => {})

// P1 holds the other end and never writes: the end of this stream is the end of P1.
process.stdin.on('end', leave).on('error', leave).resume()

await runP2(job, undefined, tell)

// From here on nothing may keep this process alive: a transport that leaves something open would show.
process.stdin.off('end', leave).destroy()
if (process.connected) process.disconnect()

function tell(report: P2Report): void {
  try {
    writeSync(1, `${JSON.stringify(report)}\n`)
  } catch {
    leave()
  }
}

function leave(): void {
  removeScratch(job.scratch)
  process.exit(1)
}
