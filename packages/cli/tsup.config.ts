import { library } from '@ipc/config/tsup'

export default library({ entry: ['src/index.ts', 'src/cli.ts'] })
