import type { Command } from 'commander'
import { CommandFailure, EXIT } from './context.ts'

/** Word that follows the commands, with what may come after it. */
interface Word {
  readonly name: string
  readonly description: string
  readonly options: readonly string[]
}

/**
 * Returns the completion of the commands for a shell: a script that the shell reads at its start. It completes what follows the name by
 * which people call the commands (`acme telemetry`), and leaves the other commands of the product to a completion that was there before.
 */
export function completion(shell: string, name: string, program: Command): string {
  const words = program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    options: command.options.flatMap(({ short, long }) => [short, long].filter((one) => one !== undefined)),
  }))
  const make = Object.hasOwn(SHELLS, shell) ? SHELLS[shell as keyof typeof SHELLS] : undefined
  if (!make)
    throw new CommandFailure(
      `There is no completion for '${shell.slice(0, 60)}'; it is there for bash, zsh and fish.`,
      EXIT.calledWrongly,
    )
  const [called = name, ...before] = name.split(' ')
  return make(called, before, words)
}

const SHELLS = { bash, zsh, fish } as const

const functionOf = (called: string, before: readonly string[]) =>
  `_${[called, ...before].join('_').replaceAll(/\W/g, '_')}_completion`

function bash(called: string, before: readonly string[], words: readonly Word[]): string {
  const own = functionOf(called, before)
  const position = before.length + 1
  return `# Completion of \`${[called, ...before].join(' ')}\` for bash: put this line into ~/.bashrc
#   source <(${[called, ...before, 'completion', 'bash'].join(' ')})
${own}_before=$(complete -p ${called} 2>/dev/null | sed -n 's/.*-F \\([^ ]*\\).*/\\1/p')
${own}() {
  local current="\${COMP_WORDS[COMP_CWORD]}"
  if [[ "\${COMP_WORDS[*]:1:${before.length}}" != "${before.join(' ')}" || $COMP_CWORD -lt ${position} ]]; then
    if [[ -n "$${own}_before" && "$${own}_before" != ${own} ]]; then
      "$${own}_before" "$@"
    else
      COMPREPLY=($(compgen -W "${before[0] ?? ''}" -- "$current"))
    fi
    return
  fi
  if [[ $COMP_CWORD -eq ${position} ]]; then
    COMPREPLY=($(compgen -W "${words.map((word) => word.name).join(' ')}" -- "$current"))
    return
  fi
  case "\${COMP_WORDS[${position}]}" in
${words.map((word) => `    ${word.name}) COMPREPLY=($(compgen -W "${word.options.join(' ')}" -- "$current")) ;;`).join('\n')}
  esac
}
complete -o default -F ${own} ${called}
`
}

function zsh(called: string, before: readonly string[], words: readonly Word[]): string {
  const own = functionOf(called, before)
  const position = before.length + 2
  return `# Completion of \`${[called, ...before].join(' ')}\` for zsh: put this line into ~/.zshrc, after compinit
#   source <(${[called, ...before, 'completion', 'zsh'].join(' ')})
${own}_before=\${_comps[${called}]}
${own}() {
  if [[ "\${words[2,${before.length + 1}]}" != "${before.join(' ')}" || $CURRENT -lt ${position} ]]; then
    if [[ -n "$${own}_before" && "$${own}_before" != ${own} ]]; then
      "$${own}_before" "$@"
    else
      compadd -- ${before[0] ?? ''}
    fi
    return
  fi
  if [[ $CURRENT -eq ${position} ]]; then
    local -a commands=(
${words.map(({ name, description }) => `      ${quoted(`${name}:${description.replaceAll(':', '\\:')}`)}`).join('\n')}
    )
    _describe command commands
    return
  fi
  case "\${words[${position}]}" in
${words.map((word) => `    ${word.name}) compadd -- ${word.options.join(' ')} ;;`).join('\n')}
  esac
}
compdef ${own} ${called}
`
}

function fish(called: string, before: readonly string[], words: readonly Word[]): string {
  const own = functionOf(called, before)
  const path = before.join(' ')
  const lines = words.flatMap(({ name, description, options }) => [
    `complete -c ${called} -n '${own}_begins' -f -a ${name} -d ${quoted(description)}`,
    ...options.map((option) =>
      option.startsWith('--')
        ? `complete -c ${called} -n '${own}_in ${name}' -l ${option.slice(2)}`
        : `complete -c ${called} -n '${own}_in ${name}' -s ${option.slice(1)}`,
    ),
  ])
  return `# Completion of \`${[called, ...before].join(' ')}\` for fish: put this line into ~/.config/fish/config.fish
#   ${[called, ...before, 'completion', 'fish'].join(' ')} | source
function ${own}_begins
  set -l words (commandline -opc)
  test (count $words) -eq ${before.length + 1}; and test "$words[2..]" = "${path}"
end
function ${own}_in
  set -l words (commandline -opc)
  test (count $words) -gt ${before.length + 1}; and test "$words[2..${before.length + 1}]" = "${path}"; and test "$words[${before.length + 2}]" = $argv[1]
end
${before[0] === undefined ? '' : `complete -c ${called} -n '__fish_use_subcommand' -a ${before[0]}\n`}${lines.join('\n')}
`
}

const quoted = (text: string) => `'${text.replaceAll("'", '’')}'`
