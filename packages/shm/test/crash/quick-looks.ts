/** Sleepers look by themselves, and at who has died, this often; see `Participant`. Here, so much sooner. */
const QUICKLY: ReadonlyMap<number | undefined, number> = new Map([
  [2_000, 10],
  [100, 3],
])

type Timer = ReturnType<typeof setTimeout>

/** When those who sleep in it look by themselves. */
export interface Looks {
  /** As often as they do: a victim is to find them asleep. */
  slowly(): void
  /** Very soon, from now on: whoever would have woken them is dead. */
  quickly(): void
}

function takeOverLooks(): Looks {
  const { setTimeout, clearTimeout } = globalThis
  let isQuick = false
  /** Looks that are to come, by the timer that the sleeper knows. */
  const coming = new Map<Timer, { readonly call: () => void; readonly quickMs: number; timer: Timer }>()
  globalThis.setTimeout = ((call: () => void, ms?: number, ...rest: unknown[]) => {
    const quickMs = QUICKLY.get(ms)
    if (quickMs === undefined) return setTimeout(call as (...args: unknown[]) => void, ms, ...rest)
    const look = (): void => {
      coming.delete(timer)
      call()
    }
    const timer = setTimeout(look, isQuick ? quickMs : ms)
    coming.set(timer, { call: look, quickMs, timer })
    return timer
  }) as typeof setTimeout
  globalThis.clearTimeout = (timer) => {
    const look = coming.get(timer as Timer)
    coming.delete(timer as Timer)
    clearTimeout(look?.timer ?? timer)
  }
  return {
    slowly() {
      isQuick = false
    },
    quickly() {
      isQuick = true
      for (const look of coming.values()) {
        clearTimeout(look.timer)
        look.timer = setTimeout(look.call, look.quickMs)
      }
    },
  }
}

/** Those of this process: from the start as often as they do. */
export const looks: Looks = takeOverLooks()
