import { signal } from '@preact/signals'
import type { PanelName } from '../protocol.js'

/** A panel of the page: those of the server, and the one that is the page's own. */
export type RouteId = PanelName | 'in-browser'

export interface Route {
  readonly id: RouteId
  readonly title: string
}

export const ROUTES: readonly Route[] = [
  { id: 'shared-memory', title: 'Shared memory' },
  { id: 'message-passing', title: 'Message passing' },
  { id: 'queue', title: 'Message queue' },
  { id: 'races', title: 'Races' },
  { id: 'transports', title: 'Transports' },
  { id: 'in-browser', title: 'In the browser' },
]

/** The panel that the address names. */
export const route = signal<RouteId>(named() ?? 'shared-memory')

globalThis.addEventListener('hashchange', () => {
  // Other names are places in the page.
  route.value = named() ?? route.value
})

function named(): RouteId | undefined {
  const id = location.hash.slice(1)
  return ROUTES.find((known) => known.id === id)?.id
}
