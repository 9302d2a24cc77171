import { library } from '@ipc/config/tsup'

// Pages have an entry of their own, with the same types.
export default library({ entry: ['src/index.ts', 'src/browser.ts'], dts: { entry: 'src/index.ts' } })
