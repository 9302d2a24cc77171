/** Longest subject or pattern, in UTF-16 code units. */
const MAX_LENGTH = 255

/**
 * @throws TypeError unless it is 1 to 255 characters: words with a dot between, none of them empty.
 */
export function checkSubject(subject: unknown): string {
  const isSubject = isWords(subject) && !/[*#]/.test(subject)
  if (!isSubject) {
    throw new TypeError(
      `a subject is 1 to ${MAX_LENGTH} characters, words with dots between and without * and #, got ${JSON.stringify(subject)}`,
    )
  }
  return subject
}

/**
 * @throws TypeError unless it is like a subject, in which words may be `*` (any one word), and the last one `#` (any
 * number of words, none included).
 */
export function checkPattern(pattern: unknown): string {
  const isPattern =
    isWords(pattern) &&
    pattern.split('.').every((word, at, words) => {
      return word === '*' || (word === '#' && at === words.length - 1) || !/[*#]/.test(word)
    })
  if (!isPattern) {
    throw new TypeError(
      `a pattern is like a subject, where a word may be * and the last one #, got ${JSON.stringify(pattern)}`,
    )
  }
  return pattern
}

function isWords(text: unknown): text is string {
  return (
    typeof text === 'string' && text.length <= MAX_LENGTH && text.split('.').every((word) => word.length > 0)
  )
}

/** Whether a checked subject is one that a checked pattern means. */
export function matches(pattern: string, subject: string): boolean {
  const wanted = pattern.split('.')
  const words = subject.split('.')
  const open = wanted.at(-1) === '#'
  if (open) wanted.pop()
  if (open ? words.length < wanted.length : words.length !== wanted.length) return false
  return wanted.every((word, at) => word === '*' || word === words[at])
}
