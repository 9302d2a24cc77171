import { library } from '@ipc/config/tsup'

// The writer is a program of its own, which is started as a thread.
export default library({ entry: ['src/index.ts', 'src/writer-thread.ts', 'src/inspect/index.ts'] })
