/** The half of the kit that runs on the remote side: it does not import vitest. */
export {
  type Control,
  type ControlMessage,
  childControl,
  parentProcessControl,
  portControl,
} from './control.js'
export { driveRemote, localRemote } from './drive-remote.js'
export { hostRemotes } from './host-remotes.js'
export { parentControl } from './parent-control.js'
export { type BusyWord, handleBusily } from './queue/busy-handling.js'
export { dyingConnection } from './queue/dying-connection.js'
export { connectionOptions, POISON, type RemoteOptions, rawCodec } from './remote-options.js'
