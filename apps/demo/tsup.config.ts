import { program } from '@ipc/config/tsup'

// Names, because all have to lie in one directory: see src/entry.ts.
export default program({
  entry: {
    cli: 'src/cli.ts',
    p1: 'src/p1.ts',
    p2: 'src/p2.ts',
    'p2-worker': 'src/p2-worker.ts',
    'lab-process': 'src/web/processes/lab-process.ts',
    actor: 'src/statements/actor-program.ts',
  },
})
