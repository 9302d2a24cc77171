/** Shells that there are scripts for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const

/** One of {@link SHELLS}. */
export type Shell = (typeof SHELLS)[number]

/** Says that the word is a file, which the shell knows better. */
export const FILE_MARK = ':file'

/** What makes a shell complete the words of `ipc`: it asks the program itself, which knows its commands. */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell]
}

const BASH = `# ipc: completion for bash. In ~/.bashrc: eval "$(ipc completion bash)"
_ipc() {
  local line words=("\${COMP_WORDS[@]:1:COMP_CWORD}")
  # bash takes the colon of an address for the end of a word.
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == ${FILE_MARK} ]]; then
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")
      compopt -o filenames 2>/dev/null
    else
      COMPREPLY+=("$line")
    fi
  done < <(ipc __complete -- "\${words[@]}" 2>/dev/null)
}
complete -F _ipc ipc
`

const ZSH = `#compdef ipc
# ipc: completion for zsh. In ~/.zshrc, after compinit: eval "$(ipc completion zsh)"
_ipc() {
  local -a found
  found=("\${(@f)$(ipc __complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ $found[1] == ${FILE_MARK} ]]; then
    _files
  else
    compadd -- $found
  fi
}
compdef _ipc ipc
`

const FISH = `# ipc: completion for fish. In ~/.config/fish/completions/ipc.fish: ipc completion fish | source
function __ipc_complete
    set -l words (commandline -opc)[2..-1] (commandline -ct)
    for line in (ipc __complete -- $words 2>/dev/null)
        if test "$line" = ${FILE_MARK}
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c ipc -f -a '(__ipc_complete)'
`

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH }
