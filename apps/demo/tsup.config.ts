import { program } from '@ipc/config/tsup'

export default program({ entry: ['src/cli.ts', 'src/p1.ts', 'src/p2.ts', 'src/p2-worker.ts'] })
