/**
 * Leave out of standard error that Node.js calls `node:sqlite` experimental: whoever uses the command has not chosen it. All
 * other warnings of this thread are shown; those of threads that it starts are not.
 */
export function quietWarnings(): void {
  const listeners = process.listeners('warning')
  process.removeAllListeners('warning')
  process.on('warning', (warning) => {
    if (warning.name === 'ExperimentalWarning') return
    for (const show of listeners) show(warning)
  })
  process.env.NODE_NO_WARNINGS = '1'
}
