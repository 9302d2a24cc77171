/**
 * Which form of the packages a program that a test starts loads: an option of Node.js. Their sources, so that no test needs a
 * build; or, where `IPC_PACKAGES` is `built`, what `pnpm test` has built before its tests: that takes half as long to load.
 *
 * Of no use to a program that imports files of `src` too: it would have those twice.
 */
export const PACKAGES_CONDITION: string =
  process.env.IPC_PACKAGES === 'built' ? '--conditions=default' : '--conditions=@ipc/source'
