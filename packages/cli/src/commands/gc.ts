import { removeDead } from '@ipc/shm/inspect'
import { type AddCommand, command, directoryOption, jsonOption, type PlaceOptions } from '../command.js'
import { bytesOf } from '../render/figures.js'
import { tableOf } from '../render/table.js'

interface GcOptions extends PlaceOptions {
  readonly dryRun?: boolean
  readonly unused?: boolean
}

/** `ipc gc` */
export const addGc: AddCommand = (program, { output }) => {
  program.addCommand(
    command(
      'gc',
      'Remove what the dead have left in shared memory, and only what the system proves dead: by locks that a dead process ' +
        'cannot hold and a stopped one keeps. A region goes when somebody who used it ended without leaving and nobody has ' +
        'it open; what was in it is lost. One that all have left in order is meant to stay, and does without --unused.',
      ['ipc gc --dry-run', 'ipc gc', 'ipc gc --unused --json'],
    )
      .option('--dry-run', 'say what would be removed, and remove nothing')
      .option('--unused', 'regions that nobody has open go even if all have left in order')
      .addOption(directoryOption())
      .addOption(jsonOption('one JSON document: dryRun, removed'))
      .action(async ({ dir, json, dryRun = false, unused = false }: GcOptions) => {
        const removed = await removeDead({ directory: dir, dryRun, unused })
        if (json) return output.document({ dryRun, removed })
        const verb = dryRun ? 'would be removed' : 'removed'
        if (removed.length === 0) return output.text(`nothing dead in ${dir}`)
        const total = removed.reduce((sum, { bytes }) => sum + bytes, 0)
        const rows = removed.map(({ what, name, bytes, proof }) => [what, name, bytesOf(bytes), proof])
        output.text(tableOf(['WHAT', 'NAME', 'SIZE', 'PROOF'], rows, output.columns))
        output.text(`${removed.length} ${verb}, ${bytesOf(total)}`)
      }),
  )
}
