import { isIpcError } from '@ipc/core'
import { connectionOptions } from './connection-options.js'
import type { Failure, P2Job, P2Report } from './job.js'
import type { Link } from './link.js'
import { startUsage } from './measure.js'
import { createSink, type Sink } from './sink.js'
import { answerSizes } from './sizes.js'
import type { P2Place } from './transports/ends.js'
import { findTransport } from './transports/index.js'

/** P2's side of one phase: accept the link, receive until P1 closes it, report what came. */
export async function runP2(
  job: P2Job,
  control: P2Place['control'],
  report: (report: P2Report) => void,
): Promise<void> {
  try {
    const ends = await findTransport(job.transport).load()
    const options = connectionOptions(job.shape, job.phase, ends.encodes)
    const here: P2Place = { scratch: job.scratch, control }
    const link = await ends.accept(here, options, (address) => report({ type: 'ready', address }))
    const usage = startUsage()
    const sink = createSink(job.phase === 'blocks' ? { kind: 'bytes' } : job.shape) as Sink<unknown>
    if (job.phase === 'sizes') answerSizes(link as Link<Uint8Array>)
    else receive(link, sink, job.phase === 'round trips')
    const { error } = await link.closed
    if (error !== undefined) throw error
    report({ type: 'received', received: sink.finish(), usage: usage() })
  } catch (error) {
    report({ type: 'failed', failure: failureOf(error) })
  }
}

function receive(link: Link, sink: Sink<unknown>, echo: boolean): void {
  if (!echo) {
    link.onMessage((message) => sink.take(message))
    return
  }
  link.onMessage((message) => {
    sink.take(message)
    link.send(message)
  })
}

/** An error, fit to travel and to be shown. */
export function failureOf(error: unknown): Failure {
  const message = error instanceof Error ? error.message : String(error)
  return { code: isIpcError(error) ? error.code : undefined, message }
}
