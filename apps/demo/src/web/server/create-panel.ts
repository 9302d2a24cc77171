import type { PanelName } from '../protocol.js'
import type { Panel } from './panel.js'

/** A panel that has been made, and what starts its processes. */
export interface NewPanel extends Panel {
  open(): Promise<void>
}

/** Make a panel; only the packages that it needs are loaded. */
export async function createPanel(name: PanelName): Promise<NewPanel> {
  switch (name) {
    case 'shared-memory':
      return new (await import('./shared-memory-panel.js')).SharedMemoryPanel()
    case 'message-passing':
      return new (await import('./message-passing-panel.js')).MessagePassingPanel()
    case 'queue':
      return new (await import('./queue-panel.js')).QueuePanel()
    case 'races':
      return new (await import('./races-panel.js')).RacesPanel()
    case 'transports':
      return new (await import('./transports-panel.js')).TransportsPanel()
  }
}
