/** Sleepers look by themselves, and at who has died, this often; see `Participant`. Here, so much sooner. */
const QUICKLY: ReadonlyMap<number | undefined, number> = new Map([
  [2_000, 10],
  [100, 3],
])

/** Have sleepers of this process look by themselves very soon: whoever would have woken them may be dead. */
export function lookQuickly(): void {
  const { setTimeout } = globalThis
  globalThis.setTimeout = ((call: () => void, ms?: number) =>
    setTimeout(call, QUICKLY.get(ms) ?? ms)) as typeof setTimeout
}
