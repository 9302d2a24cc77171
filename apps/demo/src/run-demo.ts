import { checkInput } from './input-file.js'
import type { Failure } from './job.js'
import type { DemoOptions } from './options.js'
import type { Progress } from './progress.js'
import { isIntact, type Result } from './results.js'
import { makeScratch, removeScratch } from './scratch.js'
import { superviseP1 } from './supervise.js'

/**
 * Run every transport that was asked for, one after the other. The first that fails is the last: what is left is
 * not run.
 *
 * @throws InputError when the input cannot be used; the reason of `signal`.
 */
export async function runDemo(
  { input, transports, seconds, report }: DemoOptions,
  progress: Progress,
  signal: AbortSignal,
): Promise<Result[]> {
  await checkInput(input)
  const scratch = makeScratch()
  const results: Result[] = []
  try {
    for (const transport of transports) {
      progress.start(transport)
      const job = { transport: transport.id, input, seconds, sizes: report !== undefined, scratch }
      const outcome = await superviseP1(job, (report) => progress.report(transport, report), signal)
      const run = outcome.type === 'done' ? outcome.run : undefined
      const failure = outcome.type === 'failed' ? outcome.failure : undefined
      results.push({ transport, run, failure })
      if (run !== undefined) progress.done(transport, run)
      if (failure !== undefined) progress.failed(transport, failure.code ?? 'failed')
      if (failure !== undefined && !isMissing(failure)) break
    }
  } finally {
    removeScratch(scratch)
  }
  return results
}

/** What went wrong, in one line each; a transport that this machine does not have is none. */
export function problemsOf(results: readonly Result[]): string[] {
  const problems: string[] = []
  for (const { transport, run, failure } of results) {
    if (failure !== undefined && !isMissing(failure)) {
      problems.push(`${transport.label}: ${failure.code ?? 'failed'}: ${failure.message}`)
    }
    if (run !== undefined && !isIntact(run)) problems.push(`${transport.label}: ${damageOf(run)}`)
  }
  return problems
}

function damageOf(run: NonNullable<Result['run']>): string {
  const phase = run.records.intact ? 'blocks' : 'records'
  const { messages, received } = run[phase]
  return messages === received
    ? `${phase} are not intact: all ${messages} arrived, but not as they were sent`
    : `${phase} are not intact: ${messages} sent, ${received} received`
}

function isMissing({ code }: Failure): boolean {
  return code === 'IPC_NOT_SUPPORTED'
}
