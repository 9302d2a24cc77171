import { IpcError, isIpcError } from '@ipc/core'
import type { Control, ControlMessage } from './control.js'

type Answers = Readonly<Record<string, (...args: never[]) => unknown>>

/** Run the calls that come in on `channel` with the functions of the same name in `answers`. */
export function answerCalls(control: Control, channel: string, answers: Answers): void {
  route(control, 'call', channel, ({ id, name, args }) => {
    const run = async (): Promise<unknown> => {
      const answer = answers[name]
      if (answer === undefined) throw new TypeError(`the remote side knows no command ${name}`)
      return answer(...(args as never[]))
    }
    run().then(
      (value) => control.post({ ipcConformance: 'result', channel, id, value }),
      (error: unknown) => {
        control.post({ ipcConformance: 'result', channel, id, error: toPlain(error) })
      },
    )
  })
}

/** Calls functions on the other side. */
export type Call = (name: string, args: readonly unknown[], transfer?: readonly object[]) => Promise<unknown>

/** What calls the functions that {@link answerCalls} offers on `channel`. Calls reject when the other end is gone. */
export function callsOver(control: Control, channel: string): Call {
  const pending = new Map<number, { resolve(value: unknown): void; reject(error: unknown): void }>()
  let lastId = 0
  let gone: Error | undefined
  route(control, 'result', channel, ({ id, value, error }) => {
    const call = pending.get(id)
    pending.delete(id)
    if (error === undefined) call?.resolve(value)
    else call?.reject(fromPlain(error))
  })
  control.onEnd((error) => {
    gone = error
    for (const { reject } of pending.values()) reject(error)
    pending.clear()
  })
  return (name, args, transfer) =>
    new Promise((resolve, reject) => {
      if (gone !== undefined) {
        reject(gone)
        return
      }
      lastId++
      pending.set(lastId, { resolve, reject })
      control.post({ ipcConformance: 'call', channel, id: lastId, name, args }, transfer)
    })
}

type Kind = 'call' | 'result'
type MessageOf<K extends Kind> = Extract<ControlMessage, { readonly ipcConformance: K }>
type Route = (message: MessageOf<Kind>) => void

const routesOf = new WeakMap<Control, Map<string, Route>>()

/** Give `listener` the messages of one kind and channel, with one listener per control, however many channels it has. */
function route<K extends Kind>(
  control: Control,
  kind: K,
  channel: string,
  listener: (message: MessageOf<K>) => void,
): void {
  let routes = routesOf.get(control)
  if (routes === undefined) {
    const added = new Map<string, Route>()
    control.onMessage((message) => {
      if (message.ipcConformance !== 'ready')
        added.get(`${message.ipcConformance} ${message.channel}`)?.(message)
    })
    routesOf.set(control, added)
    routes = added
  }
  routes.set(`${kind} ${channel}`, listener as Route)
}

function toPlain(error: unknown): unknown {
  if (isIpcError(error)) return { ipc: error.toJSON() }
  return { text: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}

function fromPlain(plain: unknown): Error {
  const { ipc, text } = plain as { ipc?: ReturnType<IpcError['toJSON']>; text?: string }
  return ipc === undefined ? new Error(`remote side: ${text}`) : IpcError.fromJSON(ipc)
}
