import { library } from '@ipc/config/tsup'

export default library({
  entry: ['src/index.ts', 'src/topics/index.ts', 'src/internal.ts'],
  platform: 'neutral',
})
