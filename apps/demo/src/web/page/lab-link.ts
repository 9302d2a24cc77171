import { type ReadonlySignal, signal } from '@preact/signals'
import type { Command, PanelName, PanelState, ServerMessage } from '../protocol.js'

/** Pause before the next attempt, when the server is gone. */
const RETRY_MS = 1000

/** How it stands with the server. */
export type LinkStatus = 'connecting' | 'open' | 'gone'

const status = signal<LinkStatus>('connecting')
const state = signal<PanelState | undefined>(undefined)
const refusal = signal<string | undefined>(undefined)
let socket: WebSocket | undefined
let wanted: PanelName | undefined

export const linkStatus: ReadonlySignal<LinkStatus> = status
/** What is true at the server, as it said last. */
export const panelState: ReadonlySignal<PanelState | undefined> = state
/** Why the last command was not carried out. */
export const lastRefusal: ReadonlySignal<string | undefined> = refusal

/** Connect to the server that served this page, again and again. */
export function connectToLab(): void {
  socket = new WebSocket(new URL('/lab', location.href))
  socket.onopen = () => {
    status.value = 'open'
    if (wanted !== undefined) openPanel(wanted)
  }
  socket.onmessage = ({ data }) => hear(JSON.parse(data) as ServerMessage)
  socket.onclose = () => {
    status.value = 'gone'
    state.value = undefined
    setTimeout(connectToLab, RETRY_MS)
  }
}

/** Give a command. One that cannot be sent is not: the page shows that the server is gone. */
export function tell(command: Command): void {
  refusal.value = undefined
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(command))
}

/** Show another panel, now and when the server comes back. */
export function openPanel(panel: PanelName | undefined): void {
  wanted = panel
  state.value = undefined
  if (panel !== undefined) tell({ type: 'open', panel })
}

function hear(message: ServerMessage): void {
  if (message.type === 'refused') refusal.value = message.message
  else if (message.state.panel === wanted) state.value = message.state
}
