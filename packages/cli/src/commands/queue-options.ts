import { defaultDirectory } from '@ipc/shm/inspect'
import { type Command, Option } from 'commander'
import { ADDRESSES, addSecurityOptions } from '../wire/address.js'
import { CODEC_NAMES } from '../wire/message-format.js'

/** Add the options that say where queues are. */
export function addPlaceOptions(command: Command): Command {
  const placed = command
    .option('--dir <directory>', 'a directory of @ipc/mq-sqlite')
    .option('--at <address>', `a broker: ${ADDRESSES}`)
    .addOption(
      new Option('--shm-dir <directory>', 'where the names of shm: addresses live').default(
        defaultDirectory(),
      ),
    )
  return addSecurityOptions(placed)
}

/** Add `--codec`, for bodies. */
export function addBodyOptions(command: Command): Command {
  return command.addOption(
    new Option('--codec <name>', 'how bodies become bytes: what others use of the queue')
      .choices(CODEC_NAMES)
      .default('msgpack'),
  )
}
