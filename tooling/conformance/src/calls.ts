import { IpcError, isIpcError } from '@ipc/core'
import type { Control } from './control.js'

type Answers = Readonly<Record<string, (...args: never[]) => unknown>>

/** Run the calls that come in on `channel` with the functions of the same name in `answers`. */
export function answerCalls(control: Control, channel: string, answers: Answers): () => void {
  return control.onMessage((message) => {
    if (message.ipcConformance !== 'call' || message.channel !== channel) return
    const { id, name, args } = message
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
  control.onMessage((message) => {
    if (message.ipcConformance !== 'result' || message.channel !== channel) return
    const call = pending.get(message.id)
    pending.delete(message.id)
    if (message.error === undefined) call?.resolve(message.value)
    else call?.reject(fromPlain(message.error))
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

function toPlain(error: unknown): unknown {
  if (isIpcError(error)) return { ipc: error.toJSON() }
  return { text: error instanceof Error ? (error.stack ?? error.message) : String(error) }
}

function fromPlain(plain: unknown): Error {
  const { ipc, text } = plain as { ipc?: ReturnType<IpcError['toJSON']>; text?: string }
  return ipc === undefined ? new Error(`remote side: ${text}`) : IpcError.fromJSON(ipc)
}
