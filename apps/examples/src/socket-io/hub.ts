// hub.ts: passes on what one server of Socket.IO says to all others
import type { Connection, Listener } from '@ipc/core'
import { net } from '@ipc/net'
import type { Told } from './hub-adapter.js'

export async function startHub(): Promise<Listener<Told>> {
  const members = new Set<Connection<Told>>()
  // A server that dies is gone at once, and nobody waits for it to come back.
  const listener = await net({ resume: false }).listen<Told>('tcp://127.0.0.1:0')
  void (async () => {
    for await (const connection of listener) {
      members.add(connection)
      connection.onMessage((told) => {
        for (const member of members) if (member !== connection) member.send(told)
      })
      void connection.closed.then(() => members.delete(connection))
    }
  })()
  return listener
}
