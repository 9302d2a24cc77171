/** The user's mistake: an option that cannot be used. Reported in one line, exit code 2. */
export class InputError extends Error {
  override readonly name = 'InputError'
}
