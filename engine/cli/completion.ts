/**
 * Completion scripts of shells, from the same table as the help. What they cannot know (runs, nodes) they ask `retort
 * completion --list` for, which reads names of folders and one plan.
 */
import type { Command, Flag } from './command.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** What stands for a value: files and folders are the shell's own business, the others are asked for. */
type Source = 'files' | 'experiments' | 'folders' | 'runs' | 'nodes' | 'stages' | 'none' | readonly string[];

export function completionScript(shell: Shell, commands: readonly Command[]): string {
  switch (shell) {
    case 'bash':
      return bash(commands);
    case 'zsh':
      return zsh(commands);
    case 'fish':
      return fish(commands);
  }
}

/** What a command's operands may be, from how the help writes them. */
function operandSources({ name, operands }: Command): Source[] {
  const sources: Source[] = [];
  if (name === 'completion') return [SHELLS];
  if (/\bFILE\b/.test(operands)) sources.push(name === 'reproduce' ? 'files' : 'experiments');
  if (/\bRUN\b|^A B/.test(operands)) sources.push('runs');
  if (/\bNODE\b/.test(operands)) sources.push('nodes');
  if (/\bKIND\b/.test(operands)) sources.push('stages');
  if (/^[a-z|]+$/.test(operands)) sources.push(operands.split('|'));
  return sources;
}

function flagSource({ value, choices }: Flag): Source {
  if (choices) return choices;
  if (value === 'DIR') return 'folders';
  return value === 'FILE' || value === 'FILE.html' ? 'files' : 'none';
}

function bash(commands: readonly Command[]): string {
  const generate = (source: Source): string => {
    if (typeof source !== 'string') return `_retort_words '${source.join('\n')}'`;
    switch (source) {
      case 'files':
        return '_retort_files';
      case 'experiments':
        return '_retort_experiments';
      case 'folders':
        return '_retort_folders';
      case 'none':
        return ':';
      default:
        return `_retort_words "$(_retort_list ${source})"`;
    }
  };
  const cases = commands.map((command) => {
    const flags = [...Object.keys(command.flags), 'no-color', 'no-input', 'help'].map((flag) => `--${flag}`);
    const values = Object.entries(command.flags)
      .filter(([, flag]) => flag.value !== undefined)
      .map(([name, flag]) => `          --${name}) ${generate(flagSource(flag))}; return ;;`);
    const choice = values.length > 0 ? `        case $prev in\n${values.join('\n')}\n        esac\n` : '';
    const operands = operandSources(command)
      .map((source) => `          ${generate(source)}\n`)
      .join('');
    return `      ${command.name})
${choice}        if [[ $cur == -* ]]; then
          _retort_words '${flags.join('\n')}'
        else
${operands || '          :\n'}        fi
        ;;`;
  });
  const names = [...commands.map(({ name }) => name), 'help', '--help', '--version'];
  return `# Completion of retort for bash: source <(retort completion bash)
_retort_list() {
  command "\${COMP_WORDS[0]}" completion --list "$1" \${_retort_store:+--store "$_retort_store"} 2>/dev/null
}
# One candidate a line; brackets and commas are quoted, as the shell would want them.
_retort_words() {
  local word quoted plain=\${cur#[\\'\\"]}
  while IFS= read -r word; do
    [[ -n $word && $word == "$plain"* ]] || continue
    printf -v quoted '%q' "$word"
    [[ $cur == [\\'\\"]* ]] && quoted=$word
    COMPREPLY+=("$quoted")
  done <<<"$1"
}
_retort_paths() {
  local path
  while IFS= read -r path; do COMPREPLY+=("$path"); done < <(compgen "$1" -- "$cur")
  compopt -o filenames 2>/dev/null
}
_retort_files() { _retort_paths -f; }
_retort_folders() { _retort_paths -d; }
# Experiments, and the folders that may hold some.
_retort_experiments() {
  local path
  while IFS= read -r path; do
    [[ -d $path || $path == *.yaml || $path == *.yml ]] && COMPREPLY+=("$path")
  done < <(compgen -f -- "$cur")
  compopt -o filenames 2>/dev/null
}
_retort() {
  local cur prev command= _retort_store= i word
  cur=\${COMP_WORDS[COMP_CWORD]}
  prev=\${COMP_WORDS[COMP_CWORD-1]}
  COMPREPLY=()
  # \`--flag=value\` comes as three words.
  [[ $cur == = ]] && cur=
  [[ $prev == = ]] && prev=\${COMP_WORDS[COMP_CWORD-2]}
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=\${COMP_WORDS[i]}
    [[ $word == --store ]] && _retort_store=\${COMP_WORDS[i+1]}
    [[ -z $command && $word != -* ]] && command=$word
  done
  if [[ -z $command ]]; then
    _retort_words '${names.join('\n')}'
    return
  fi
  case $command in
      help) _retort_words '${commands.map(({ name }) => name).join('\n')}' ;;
${cases.join('\n')}
  esac
}
complete -F _retort retort
`;
}

/** A description inside single quotes and an option's brackets. */
function zshText(text: string): string {
  return text.replace(/'/g, "'\\''").replace(/([[\]:])/g, '\\$1');
}

function zsh(commands: readonly Command[]): string {
  const action = (source: Source): string => {
    if (typeof source !== 'string') return `(${source.join(' ')})`;
    const known = { files: '_files', experiments: "_files -g '*.(yaml|yml)(-.)'", folders: '_files -/', none: ' ' };
    return source in known ? known[source as keyof typeof known] : `_retort_list ${source}`;
  };
  const cases = commands.map((command) => {
    const flags = Object.entries(command.flags).map(([name, flag]) => {
      const value = flag.value ? `:${flag.value}:${action(flagSource(flag)).replace(/'/g, "'\\''")}` : '';
      return `        '--${name}${flag.value ? '=' : ''}[${zshText(flag.description)}]${value}'`;
    });
    const sources = operandSources(command).map((source) => action(source));
    const [only] = sources;
    const operand =
      sources.length > 1
        ? `        '*:operand:{${sources.map((source) => source.replace(/'/g, "'\\''")).join('; ')}}'`
        : only
          ? `        '*:operand:${only.replace(/'/g, "'\\''")}'`
          : '';
    const lines = [...flags, ...(operand ? [operand] : [])];
    return `      ${command.name})\n        _arguments ${lines.length > 0 ? `\\\n${lines.join(' \\\n')}` : ''}\n        ;;`;
  });
  const described = commands.map(({ name, summary }) => `    '${name}:${zshText(summary)}'`);
  return `#compdef retort
# Completion of retort for zsh: source <(retort completion zsh)
_retort_list() {
  local -a found
  found=(\${(f)"$(_call_program retort retort completion --list $1 2>/dev/null)"})
  compadd -a found
}
_retort() {
  local -a commands
  commands=(
${described.join('\n')}
  )
  _arguments -C '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument)
      case $words[1] in
${cases.join('\n')}
      esac
      ;;
  esac
}
compdef _retort retort
`;
}

function fish(commands: readonly Command[]): string {
  const quoted = (text: string) => `'${text.replace(/\\/g, '\\\\').replace(/'/g, "\\'")}'`;
  const candidates = (source: Source): string => {
    if (typeof source !== 'string') return `-x -a ${quoted(source.join(' '))}`;
    const known: Record<string, string> = {
      files: '-r -F',
      experiments: '-r -F',
      folders: "-x -a '(__fish_complete_directories)'",
      none: '-x',
    };
    return known[source] ?? `-f -a ${quoted(`(retort completion --list ${source} 2>/dev/null)`)}`;
  };
  const lines = commands.flatMap((command) => {
    const here = `-n ${quoted(`__fish_seen_subcommand_from ${command.name}`)}`;
    return [
      `complete -c retort -f -n __fish_use_subcommand -a ${command.name} -d ${quoted(command.summary)}`,
      ...Object.entries(command.flags).map(
        ([name, flag]) =>
          `complete -c retort ${here} -l ${name}${flag.value ? ` ${candidates(flagSource(flag))}` : ''} -d ${quoted(flag.description)}`,
      ),
      ...operandSources(command).map(
        (source) => `complete -c retort ${here} ${candidates(source).replace('-r -F', '-F').replace('-x', '-f')}`,
      ),
    ];
  });
  return `# Completion of retort for fish: retort completion fish | source\n${lines.join('\n')}\n`;
}
