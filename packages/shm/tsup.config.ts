import { library } from '@ipc/config/tsup'

// Pages have an entry of their own, with the types of the other one.
export default library({
  entry: ['src/index.ts', 'src/browser.ts', 'src/inspect/index.ts'],
  dts: { entry: ['src/index.ts', 'src/inspect/index.ts'] },
})
