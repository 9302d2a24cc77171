declare module 'node-ipc' {
  import type { Socket } from 'node:net'

  interface Client {
    readonly socket: Socket
    on(type: string, listener: (data: string) => void): void
    emit(type: string, data: string): void
  }

  interface Server {
    on(type: string, listener: (data: string, socket: Socket) => void): void
    on(type: 'connect', listener: (socket: Socket) => void): void
    emit(socket: Socket, type: string, data: string): void
    start(): void
    stop(): void
  }

  interface Instance {
    readonly config: { id: string; silent: boolean; maxConnections: number; maxRetries: number }
    readonly of: Readonly<Record<string, Client>>
    readonly server: Server
    serve(path: string, onStart: () => void): void
    connectTo(id: string, path: string, onStart: () => void): void
    disconnect(id: string): void
  }

  const nodeIpc: { readonly IPC: new () => Instance }
  export = nodeIpc
}
