/** Something to run in the next turn of the event loop. */
export interface Turn {
  /** Runs once for each `scheduleTurn`. */
  turn(): void
}

const scheduled = new Set<Turn>()
let pending = false

/**
 * Run `turn.turn()` in the next turn of the event loop, after its timers and I/O; once, however often it is asked
 * for. All that ask share one immediate, so many connections cost no more of the loop than one.
 */
export function scheduleTurn(turn: Turn): void {
  scheduled.add(turn)
  if (pending) return
  pending = true
  nextTurn()
}

/** Take `scheduleTurn` back. */
export function cancelTurn(turn: Turn): void {
  scheduled.delete(turn)
}

function runTurns(): void {
  pending = false
  try {
    for (const turn of [...scheduled]) if (scheduled.delete(turn)) turn.turn()
  } finally {
    // One that threw is the application's concern; the others still get their turn.
    if (scheduled.size > 0 && !pending) {
      pending = true
      nextTurn()
    }
  }
}

// Browsers have no immediates; a message to oneself is the shortest way around their event loop.
const nextTurn: () => void =
  typeof setImmediate === 'function' ? () => void setImmediate(runTurns) : messageToOneself(runTurns)

function messageToOneself(receive: () => void): () => void {
  const { port1, port2 } = new MessageChannel()
  ;(port1 as { onmessage?: unknown }).onmessage = receive
  return () => port2.postMessage(null)
}
