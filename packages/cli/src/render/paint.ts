/** Marks words in a terminal that shows colours; elsewhere it leaves them as they are. */
export interface Paint {
  good(text: string): string
  bad(text: string): string
  weak(text: string): string
  strong(text: string): string
}

/** @param colors - Whether escape codes are understood. */
export function paint(colors: boolean): Paint {
  const wrap =
    (start: number, end: number) =>
    (text: string): string =>
      colors ? `\u001b[${start}m${text}\u001b[${end}m` : text
  return { good: wrap(32, 39), bad: wrap(31, 39), weak: wrap(2, 22), strong: wrap(1, 22) }
}
