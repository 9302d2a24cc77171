import type { Command, PanelState } from '../protocol.js'

/** What runs behind one panel of the page. */
export interface Panel {
  /** What is true now. */
  look(): Promise<PanelState>
  /**
   * Carry out a command.
   *
   * @throws CommandRefused when this panel has no such command, or cannot carry it out now.
   */
  take(command: Command): Promise<void>
  /** End all processes; resolves when they are gone. */
  close(): Promise<void>
}

/** A command that is not carried out, with a reason for the reader of the page. */
export class CommandRefused extends Error {
  override readonly name = 'CommandRefused'
}

/** @throws CommandRefused */
export function refuse(command: Command): never {
  throw new CommandRefused(`this panel has no command ${command.type}`)
}
