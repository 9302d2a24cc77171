import type { Durability } from '@ipc/core'

/** From the least safe to the safest. */
export const LEVELS: readonly Durability[] = ['memory', 'os', 'disk']

/** What a store offers that keeps messages that safely. */
export function upTo(offered: Durability): Durability[] {
  return LEVELS.slice(0, LEVELS.indexOf(offered) + 1)
}

/** The safest of some; `memory` for none. */
export function safest(levels: readonly Durability[]): Durability {
  let highest = 0
  for (const level of levels) highest = Math.max(highest, LEVELS.indexOf(level))
  return LEVELS[highest] as Durability
}
