/**
 * The function that called `called`, as `Class.method` or `function`: the innermost one that has a name, so that a step of
 * a callback is called after whoever passed it on. Needs names that no bundler has changed (`keepNames`).
 */
export function callerOf(called: (...args: never[]) => unknown): string {
  const { prepareStackTrace } = Error
  let caller: string | undefined
  Error.prepareStackTrace = (_error, frames) => {
    for (const frame of frames) {
      caller = nameOf(frame)
      if (caller !== undefined) return
    }
  }
  const taken: { stack?: unknown } = {}
  Error.captureStackTrace(taken, called)
  // Read here: the stack is made when it is asked for.
  void taken.stack
  Error.prepareStackTrace = prepareStackTrace
  return caller ?? 'program'
}

function nameOf(frame: NodeJS.CallSite): string | undefined {
  const name = frame.getFunctionName()?.replace(/^async /, '')
  if (!name) return undefined
  const type = frame.getTypeName()
  const method = name.slice(name.lastIndexOf('.') + 1)
  if (frame.isConstructor()) return `new ${withoutNumber(method)}`
  const isMethod = type !== null && type !== 'Object' && type !== 'Function' && !frame.isToplevel()
  return isMethod ? `${withoutNumber(type)}.${method}` : withoutNumber(method)
}

/** Without what a bundler adds where two have the same name, or one refers to itself. */
function withoutNumber(name: string): string {
  return name.replace(/^_|(?<=[A-Za-z])\d+$/g, '')
}
