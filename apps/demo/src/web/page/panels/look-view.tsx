import type { JSX } from 'preact'
import { VALUE_WORDS } from '../../limits.js'
import type { LookState, ValueGuard } from '../../protocol.js'
import { Figures, numberText } from '../controls/figures.js'
import { ValueDiagram } from '../diagrams/value-diagram.js'

interface LookViewProps {
  readonly look: LookState
  /** Processes or workers. */
  readonly who: string
  readonly onLook: (guard: ValueGuard) => void
}

/** One writes a value, another one reads it meanwhile. */
export function LookView({ look, who, onLook }: LookViewProps): JSX.Element {
  const { running, looks, goal, writes, torn, sample, guard } = look
  const over = !running && looks > 0 && looks === goal
  return (
    <section class="card" aria-label="Torn reads" data-part="look">
      <h3>Torn reads</h3>
      <p>
        A value of {VALUE_WORDS} words, {who}: one sets all words to the same number, again and again; the
        other one reads it, and counts the values whose words differ.
      </p>
      <div class="buttons">
        <button type="button" disabled={running} onClick={() => onLook('none')}>
          Read plain memory
        </button>
        <button type="button" disabled={running} onClick={() => onLook('seqlock')}>
          Read a SharedValue
        </button>
      </div>
      <Figures
        figures={[
          { id: 'look-guard', label: 'read from', value: guard === 'none' ? 'plain memory' : 'SharedValue' },
          { id: 'writes', label: 'values written', value: writes },
          { id: 'looks', label: 'values read', value: looks },
          { id: 'torn', label: 'torn', value: torn, tone: torn > 0 ? 'bad' : 'good' },
        ]}
      />
      {sample !== undefined && (
        <figure class="sample">
          <figcaption>The last torn value, as it was read:</figcaption>
          <ValueDiagram words={sample} />
        </figure>
      )}
      <p role="status" class="result">
        {over ? `Over: ${numberText(torn)} of ${numberText(looks)} values were torn.` : ''}
      </p>
    </section>
  )
}
