/** A sleeper in its event loop looks by itself this often; see `Participant`. */
const LONGEST_SLEEP_MS = 30_000
const QUICK_MS = 10

/** Have sleepers of this process look by themselves very soon: whoever would have woken them may be dead. */
export function lookQuickly(): void {
  const { setTimeout } = globalThis
  globalThis.setTimeout = ((call: () => void, ms?: number) =>
    setTimeout(call, ms === LONGEST_SLEEP_MS ? QUICK_MS : ms)) as typeof setTimeout
}
