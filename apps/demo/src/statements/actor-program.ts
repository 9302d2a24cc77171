import { serve } from '@ipc/core'
import { mqProcess } from '@ipc/mq'
import { removeScratch } from '../scratch.js'
import { loadStatement, type StatementId } from './index.js'

const [, , statement, scratch] = process.argv as unknown as [string, string, StatementId, string]

// Ctrl-C reaches the whole group of processes: P0 decides, and what it decides it does by ending the channel.
process.on('SIGINT', () => {})
process.on('disconnect', leave)
// P0 may also have gone while this program was being loaded.
if (!process.connected) leave()

const { roles } = await loadStatement(statement)
const listener = await mqProcess().listen(process)
const connection = await listener.accept()
serve(connection, (asked) => {
  const { name, args } = asked as { readonly name: string; readonly args: readonly unknown[] }
  const role = roles[name]
  if (role === undefined) throw new TypeError(`no role ${name}`)
  return role(...args)
})

function leave(): void {
  if (scratch !== '') removeScratch(scratch)
  process.exit()
}
