import type { Connection, Listener } from '@ipc/core'

/** Say `ready`, accept one connection, and free the address. */
export async function acceptOne<Address>(
  listener: Listener<unknown, unknown, Address>,
  ready: (address: Address) => void,
): Promise<Connection> {
  ready(listener.address)
  const connection = await listener.accept()
  await listener.close()
  return connection
}
