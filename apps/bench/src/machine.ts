import { cpus, loadavg } from 'node:os'

/** The machine that the figures are from. */
export interface Machine {
  readonly node: string
  readonly platform: string
  readonly cpu: string
  readonly cores: number
  /** How many processes wanted a core in the last minute: figures are only as good as the machine is quiet. */
  readonly load: number
}

/** This machine, now. */
export function thisMachine(): Machine {
  const cores = cpus()
  return {
    node: process.version,
    platform: `${process.platform} ${process.arch}`,
    cpu: cores[0]?.model.trim() ?? 'unknown processor',
    cores: cores.length,
    load: loadavg()[0] ?? 0,
  }
}

/** The machine in one line, without its load. */
export function describeMachine({ node, platform, cpu, cores }: Machine): string {
  return `Node ${node}, ${platform}, ${cores} x ${cpu}`
}
