import type { JSX } from 'preact'
import { useId } from 'preact/hooks'
import { useDraft } from './use-draft.js'

interface ChoiceSliderProps<T> {
  readonly label: string
  readonly choices: readonly T[]
  readonly value: T
  readonly textOf: (choice: T) => string
  readonly onChange: (choice: T) => void
  /** Names it for tests. */
  readonly name: string
}

/** A slider over a few choices, which are said in words. */
export function ChoiceSlider<T>(props: ChoiceSliderProps<T>): JSX.Element {
  const { label, choices, value, textOf, onChange, name } = props
  const id = useId()
  const [shown, setDraft] = useDraft(value)
  const found = choices.indexOf(shown)
  const at = Math.max(0, found)
  const text = textOf(choices[at]!)
  return (
    <p class="slider">
      <label for={id}>{label}</label>
      <span class="value" aria-hidden="true">
        {text}
      </span>
      <input
        id={id}
        name={name}
        type="range"
        min={0}
        max={choices.length - 1}
        step={1}
        value={at}
        aria-valuetext={text}
        onInput={({ currentTarget }) => {
          const choice = choices[Number(currentTarget.value)]!
          setDraft(choice)
          onChange(choice)
        }}
      />
    </p>
  )
}
