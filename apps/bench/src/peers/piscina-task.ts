/** What the thread of a piscina does; named by its caller, since a pool takes a file and not a function. */
export function echo(words: Int32Array): Int32Array {
  return words
}
