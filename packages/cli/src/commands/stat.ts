import { type AddCommand, command, directoryOption, jsonOption, type PlaceOptions } from '../command.js'
import { gatherStatistics } from '../gather/statistics.js'
import { paint } from '../render/paint.js'
import { renderStatistics } from '../render/statistics.js'

/** `ipc stat NAME` */
export const addStat: AddCommand = (program, { output }) => {
  program.addCommand(
    command(
      'stat',
      'Show a region: positions, lag and waits of its rings, its values and locks, who uses it and who of them is dead; ' +
        'or a listener and its connections.',
      ['ipc stat prices', 'ipc stat prices --json | jq ".region.objects[] | {name, lagBytes}"'],
    )
      .argument('<name>', 'a region or listener, as `ipc ls` lists it')
      .addOption(directoryOption())
      .addOption(jsonOption('one JSON document: name, region, listener'))
      .action(async (name: string, { dir, json }: PlaceOptions) => {
        const statistics = await gatherStatistics(name, dir)
        if (json) output.document(statistics)
        else output.text(renderStatistics(statistics, paint(output.colors), output.columns))
      }),
  )
}
