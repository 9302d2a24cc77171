/**
 * The function that called `called`, as `Class.method` or `function`: the innermost one that has a name, so that a step of
 * a callback is called after whoever passed it on; `undefined` if Node itself called it. Needs names that no bundler has
 * changed (`keepNames`).
 */
export function callerOf(called: (...args: never[]) => unknown): string | undefined {
  const { prepareStackTrace } = Error
  let caller: string | undefined
  Error.prepareStackTrace = (_error, frames) => {
    if (frames[0] === undefined || isOfNode(frames[0])) return
    for (const frame of frames) {
      if (isOfNode(frame)) break
      caller = nameOf(frame)
      if (caller !== undefined) return
    }
    caller = 'callback'
  }
  const taken: { stack?: unknown } = {}
  Error.captureStackTrace(taken, called)
  // Read here: the stack is made when it is asked for.
  void taken.stack
  Error.prepareStackTrace = prepareStackTrace
  return caller
}

function isOfNode(frame: NodeJS.CallSite): boolean {
  return frame.getFileName()?.startsWith('node:') === true
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
