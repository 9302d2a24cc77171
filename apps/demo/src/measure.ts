/** What one process used of the machine during a phase. */
export interface Usage {
  readonly cpuSeconds: number
  /** The process waited for something. */
  readonly voluntarySwitches: number
  /** The scheduler took the core away. */
  readonly involuntarySwitches: number
}

/** Start counting; the function returned tells what this process, all its threads, used since. */
export function startUsage(): () => Usage {
  const before = process.resourceUsage()
  return () => {
    const after = process.resourceUsage()
    const cpuMicros = after.userCPUTime - before.userCPUTime + after.systemCPUTime - before.systemCPUTime
    return {
      cpuSeconds: cpuMicros / 1e6,
      voluntarySwitches: after.voluntaryContextSwitches - before.voluntaryContextSwitches,
      involuntarySwitches: after.involuntaryContextSwitches - before.involuntaryContextSwitches,
    }
  }
}

/**
 * The smallest sample that is not exceeded by the fraction `p` of all samples.
 *
 * @param sorted - Ascending, at least one.
 */
export function percentile(sorted: Float64Array, p: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * p) - 1)]!
}

/** The middle one of some samples, at least one. */
export function median(samples: readonly number[]): number {
  return percentile(Float64Array.from(samples).sort(), 0.5)
}
