const calls = new Set<() => void>()

/** Call `call` when this thread ends in order. Returns what takes this back. */
export function atExit(call: () => void): () => void {
  // One listener for all: Node takes many for a leak.
  if (calls.size === 0) process.on('exit', callAll)
  calls.add(call)
  return () => {
    calls.delete(call)
    if (calls.size === 0) process.off('exit', callAll)
  }
}

function callAll(): void {
  for (const call of calls) call()
}
