import { inspectQueues } from '@ipc/mq-sqlite/inspect'
import { listRegions } from '@ipc/shm'
import { Argument } from 'commander'
import { type AddCommand, command } from '../command.js'
import { complete, type KnownNames } from '../complete.js'
import { completionScript, FILE_MARK, SHELLS, type Shell } from '../render/completion-script.js'

/** `ipc completion SHELL`, and what its scripts call. */
export const addCompletion: AddCommand = (program, { output }) => {
  program.addCommand(
    command('completion', 'Print what makes a shell complete commands, options and names.', [
      'eval "$(ipc completion bash)"   # in ~/.bashrc; zsh alike, after compinit',
      'ipc completion fish > ~/.config/fish/completions/ipc.fish',
    ])
      .addArgument(new Argument('<shell>', 'yours').choices(SHELLS))
      .action((shell: Shell) => output.text(completionScript(shell))),
  )
  program
    .command('__complete [words...]', { hidden: true })
    .allowUnknownOption()
    .action(async (words: readonly string[]) => {
      const { words: found, isFile } = await complete(program, words, KNOWN)
      if (isFile) output.text(FILE_MARK)
      else if (found.length > 0) output.text(found.join('\n'))
    })
}

/** Nobody waits for a message about why there are none. */
const KNOWN: KnownNames = {
  regions() {
    try {
      return listRegions().map(({ name }) => name)
    } catch {
      return []
    }
  },
  async queues(directory) {
    try {
      const inspection = await inspectQueues(directory)
      const names = inspection.queues().map(({ name }) => name)
      inspection.close()
      return names
    } catch {
      return []
    }
  },
}
