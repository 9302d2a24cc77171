import type { JSX } from 'preact'
import type { Loss, Notice } from '../../protocol.js'

/** What has happened, the last first. New ones are announced: they are few. */
export function Notices({ notices }: { readonly notices: readonly Notice[] }): JSX.Element {
  return (
    <section class="notices" aria-label="What has happened">
      <h3>What has happened</h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, and the keyboard has to get there. */}
      <div role="log" tabIndex={0} aria-label="Events">
        <ol>
          {[...notices].reverse().map(({ id, text }) => (
            <li key={id}>{text}</li>
          ))}
        </ol>
      </div>
    </section>
  )
}

/** How a death was noticed. */
export function LossNotice({ loss }: { readonly loss: Loss | undefined }): JSX.Element {
  return (
    <div role="status" class="loss-place">
      {loss !== undefined && (
        <p class="loss">
          <strong>
            {loss.by} noticed the death of {loss.lost} after{' '}
            <span data-figure="noticed" data-value={loss.afterMs}>
              {loss.afterMs} ms
            </span>
          </strong>{' '}
          (pid {loss.pid}, {loss.as}). Promised: {loss.promise}.
        </p>
      )}
    </div>
  )
}
