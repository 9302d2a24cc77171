import { program } from '@ipc/config/tsup'

export default program({ entry: ['src/cli.ts'] })
