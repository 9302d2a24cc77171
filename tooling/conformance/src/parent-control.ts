import { parentPort } from 'node:worker_threads'
import { type Control, parentProcessControl, portControl } from './control.js'

/** Control by whoever started this program: the parent process that forked it, or the thread that made this worker. */
export function parentControl(): Control {
  return parentPort === null ? parentProcessControl() : portControl(parentPort)
}
