import { useEffect, useState } from 'preact/hooks'

/** After so long what was asked for is not expected any more. */
const PATIENCE_MS = 1500

/**
 * What the reader has chosen, until it is true; what is true otherwise. Without it a control would jump back while its
 * command is under way.
 */
export function useDraft<T>(value: T): readonly [T, (draft: T) => void] {
  const [draft, setDraft] = useState<{ readonly value: T } | undefined>(undefined)
  useEffect(() => {
    if (draft === undefined) return
    if (draft.value === value) {
      setDraft(undefined)
      return
    }
    const timer = setTimeout(() => setDraft(undefined), PATIENCE_MS)
    return () => clearTimeout(timer)
  }, [draft, value])
  return [draft === undefined ? value : draft.value, (next) => setDraft({ value: next })]
}
