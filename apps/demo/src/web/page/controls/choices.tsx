import type { JSX } from 'preact'
import { useDraft } from './use-draft.js'

interface ChoicesProps<T extends string> {
  readonly legend: string
  readonly name: string
  readonly choices: readonly (readonly [value: T, label: string])[]
  readonly value: T
  readonly onChange: (value: T) => void
  readonly disabled?: boolean
}

/** One of a few, as radio buttons. */
export function Choices<T extends string>(props: ChoicesProps<T>): JSX.Element {
  const { legend, name, choices, value, onChange, disabled = false } = props
  const [shown, setDraft] = useDraft(value)
  return (
    <fieldset class="choices" disabled={disabled}>
      <legend>{legend}</legend>
      {choices.map(([choice, label]) => (
        <label key={choice}>
          <input
            type="radio"
            name={name}
            value={choice}
            checked={choice === shown}
            onChange={() => {
              setDraft(choice)
              onChange(choice)
            }}
          />
          {label}
        </label>
      ))}
    </fieldset>
  )
}
