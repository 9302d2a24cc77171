/** Times that something takes for growing amounts; sizes ascend. */
export type Curve = readonly (readonly [bytes: number, ms: number])[]

/**
 * Where one curve gets below another one and stays there: the amount from which on it is faster. Between two measured
 * amounts it is interpolated, with both axes logarithmic, as they are drawn.
 *
 * @returns `undefined` when it is faster everywhere, or not at the end.
 */
export function crossover(slow: Curve, fast: Curve): number | undefined {
  const leads = slow.map(([bytes, ms], index) => [bytes, Math.log(ms / fast[index]![1])] as const)
  const ahead = leads.findLastIndex(([, lead]) => lead <= 0) + 1
  if (ahead === 0 || ahead === leads.length) return undefined
  const [before, after] = [leads[ahead - 1]!, leads[ahead]!]
  const part = -before[1] / (after[1] - before[1])
  return Math.exp(Math.log(before[0]) + part * Math.log(after[0] / before[0]))
}

/** The lowest of several curves at each amount. */
export function lowestOf(curves: readonly Curve[]): Curve {
  const [first = []] = curves
  return first.map(([bytes], index) => [bytes, Math.min(...curves.map((curve) => curve[index]![1]))])
}
