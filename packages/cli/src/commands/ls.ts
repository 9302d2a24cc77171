import { type AddCommand, command, directoryOption, jsonOption, type PlaceOptions } from '../command.js'
import { gatherListing } from '../gather/listing.js'
import { renderListing } from '../render/listing.js'
import { paint } from '../render/paint.js'

/** `ipc ls` */
export const addLs: AddCommand = (program, { output }) => {
  program.addCommand(
    command(
      'ls',
      'List the regions, listeners with their connections, and queue directories in use of this user.',
      ['ipc ls', 'ipc ls --json | jq -r ".regions[].name"'],
    )
      .addOption(directoryOption())
      .addOption(jsonOption('one JSON document: directory, regions, listeners, queues, others'))
      .action(async ({ dir, json }: PlaceOptions) => {
        const listing = await gatherListing(dir)
        if (json) output.document(listing)
        else output.text(renderListing(listing, paint(output.colors), output.columns))
      }),
  )
}
