import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { connectToLab, lastRefusal, linkStatus, openPanel, panelState } from './lab-link.js'
import { InBrowserPanel } from './panels/in-browser.js'
import { MessagePassingPanel } from './panels/message-passing.js'
import { QueuePanel } from './panels/queue.js'
import { RacesPanel } from './panels/races.js'
import { SharedMemoryPanel } from './panels/shared-memory.js'
import { TransportsPanel } from './panels/transports.js'
import { ROUTES, type RouteId, route } from './routes.js'

/** The page: a way to every panel, and the one that is open. */
export function App(): JSX.Element {
  useEffect(connectToLab, [])
  return (
    <>
      <a class="skip" href="#panel-title">
        Skip to the panel
      </a>
      <header class="top">
        <div class="brand">
          <h1>The lab</h1>
          <LinkBadge />
        </div>
        <Navigation />
      </header>
      <main>
        <Trouble />
        <OpenPanel id={route.value} />
      </main>
      <footer>
        Everything here runs on this machine: the processes are real, and every number and position is read
        from them.
      </footer>
    </>
  )
}

function Navigation(): JSX.Element {
  return (
    <nav aria-label="Panels">
      <ul>
        {ROUTES.map(({ id, title }) => (
          <li key={id}>
            <a href={`#${id}`} aria-current={route.value === id ? 'page' : undefined}>
              {title}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

function LinkBadge(): JSX.Element {
  const text = { connecting: 'connecting', open: 'connected', gone: 'the server is gone' }
  return (
    <p class={`badge ${linkStatus.value}`} role="status">
      {text[linkStatus.value]}
    </p>
  )
}

function Trouble(): JSX.Element {
  const said = lastRefusal.value
  return <div role="alert">{said !== undefined && <p class="trouble">{said}</p>}</div>
}

function OpenPanel({ id }: { readonly id: RouteId }): JSX.Element {
  const title = useRef<HTMLHeadingElement>(null)
  const first = useRef(true)
  useEffect(() => {
    openPanel(id === 'in-browser' ? undefined : id)
    // Who follows a link of the page goes on reading there.
    if (!first.current) title.current?.focus()
    first.current = false
  }, [id])
  const { title: text } = ROUTES.find((known) => known.id === id)!
  return (
    <article aria-labelledby="panel-title">
      <h2 id="panel-title" tabIndex={-1} ref={title}>
        {text}
      </h2>
      <PanelBody key={id} id={id} />
    </article>
  )
}

function PanelBody({ id }: { readonly id: RouteId }): JSX.Element {
  if (id === 'in-browser') return <InBrowserPanel />
  const state = panelState.value
  switch (state?.panel) {
    case 'shared-memory':
      return <SharedMemoryPanel state={state} />
    case 'message-passing':
      return <MessagePassingPanel state={state} />
    case 'queue':
      return <QueuePanel state={state} />
    case 'races':
      return <RacesPanel state={state} />
    case 'transports':
      return <TransportsPanel state={state} />
    default:
      return <p class="starting">Its processes start…</p>
  }
}
