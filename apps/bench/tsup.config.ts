import { program } from '@ipc/config/tsup'

export default program({
  entry: {
    cli: 'src/cli.ts',
    near: 'src/pair/near.ts',
    far: 'src/pair/far.ts',
    'piscina-task': 'src/peers/piscina-task.ts',
  },
})
