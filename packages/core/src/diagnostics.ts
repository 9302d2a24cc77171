/** The part of `node:diagnostics_channel` that is used here. */
interface DiagnosticsChannels {
  hasSubscribers(name: string): boolean
  channel(name: string): { publish(message: unknown): void }
}

type NodeProcess = { getBuiltinModule?(name: string): unknown }

// `getBuiltinModule` instead of an import: this package loads where there is no Node.
const channels = (globalThis as { process?: NodeProcess }).process?.getBuiltinModule?.(
  'node:diagnostics_channel',
) as DiagnosticsChannels | undefined

/** Names of the channels of `node:diagnostics_channel` to which the toolkit publishes. */
export const DIAGNOSTICS_CHANNELS = ['ipc:connection:open', 'ipc:connection:close'] as const

/** One of {@link DIAGNOSTICS_CHANNELS}. */
export type DiagnosticsChannel = (typeof DIAGNOSTICS_CHANNELS)[number]

/** Publish `message` on `name`, if anybody listens. */
export function publish(name: DiagnosticsChannel, message: object): void {
  if (channels?.hasSubscribers(name)) channels.channel(name).publish(message)
}
