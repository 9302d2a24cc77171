import type { JSX } from 'preact'
import type { MessagePassingState } from '../../protocol.js'
import { Bin } from './bin.js'
import { ProcessBox } from './process-box.js'

const BINS_Y = 74

/** Two processes, and where the messages between them are. */
export function LinkDiagram({ state }: { readonly state: MessagePassingState }): JSX.Element {
  const { processes, sender, receiver, underWay, transport } = state
  const [one, two] = processes as [MessagePassingState['processes'][0], MessagePassingState['processes'][0]]
  const between = transport === 'shm' ? 'in the ring' : 'in the kernel'
  const label =
    `Messages on the link: ${sender.buffered} kept by P1, ${underWay} ${between}, ` +
    `${receiver.unread} arrived at P2 and not yet taken.`
  const linked = sender.connected && receiver.connected
  return (
    <svg viewBox="0 0 360 212" role="img" aria-label={label} class="diagram">
      <ProcessBox x={4} y={4} width={122} state={one} tone="one" doing={sendingOf(state)} />
      <ProcessBox x={234} y={4} width={122} state={two} tone="two" doing={takingOf(state)} />
      <path class={linked ? 'link' : 'link broken'} d="M126 27H234" />
      <text x={180} y={20} class="small">
        {linked ? transport : 'no link'}
      </text>
      <text x={180} y={44} class="small">
        send → receive
      </text>
      <Bin x={4} y={BINS_Y} count={sender.buffered} label="kept by P1" tone="one" />
      <Bin x={128} y={BINS_Y} count={underWay} label={between} tone="between" />
      <Bin x={252} y={BINS_Y} count={receiver.unread} label="unread by P2" tone="two" />
      <path class="flow" d={`M110 ${BINS_Y + 46}h14m-5 -4l5 4l-5 4M234 ${BINS_Y + 46}h14m-5 -4l5 4l-5 4`} />
    </svg>
  )
}

function sendingOf({ sender }: MessagePassingState): string {
  if (!sender.connected) return 'no link'
  if (sender.waiting) return 'awaits drained()'
  return sender.pace.paused ? 'waits for a step' : 'sends'
}

function takingOf({ receiver }: MessagePassingState): string {
  if (!receiver.connected) return 'listens'
  return receiver.pace.paused ? 'takes nothing' : 'receives'
}
