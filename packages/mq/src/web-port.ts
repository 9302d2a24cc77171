import { IpcError } from '@ipc/core'
import type { PortLike } from './port.js'
import type { WebPortTarget } from './targets.js'
import { webLife } from './web-life.js'

/**
 * Ports and workers of the web. Ports tell of the other side's end where they have a `close` event; other ports, and
 * workers, are watched by Web Locks.
 */
export function webPort(target: WebPortTarget): PortLike {
  let detach = (): void => {}
  return {
    peer: {},
    clones: true,
    life: 'onclose' in target ? undefined : webLife(),
    attach(events) {
      const listeners: Record<string, (event: unknown) => void> = {
        message: (event) => events.message((event as { readonly data: unknown }).data),
        messageerror: (event) => events.garbled(event),
        close: () => events.lost(new IpcError('IPC_PEER_LOST', 'the port is closed')),
      }
      for (const [type, listener] of Object.entries(listeners)) target.addEventListener(type, listener)
      detach = () => {
        for (const [type, listener] of Object.entries(listeners)) target.removeEventListener(type, listener)
      }
      // Unlike `onmessage =`, a listener does not start a MessagePort.
      const { start } = target as { start?: () => void }
      start?.call(target)
    },
    detach: () => detach(),
    post(message, transfer, written) {
      target.postMessage(message, transfer as never[])
      written?.()
    },
    ref() {},
    unref() {},
  }
}
