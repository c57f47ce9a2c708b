/** Help pages, from the commands' descriptions: examples first, since people read those. */
import { type TextColumn, textBlock } from '../report/columns-of-text.ts';
import type { Command } from './command.ts';
import { commands } from './commands.ts';

export function overview(version: string): string {
  const names = column(commands.map(({ name, operands }) => `  ${name} ${operands}`.trimEnd()));
  const summaries = column(commands.map((command) => command.summary));
  return `retort ${version}: distils data sets; experiments in YAML, cached, resumable, compared.

  retort init first && retort run first.yaml     # writes a commented experiment, and runs it

Commands
${rows(names, summaries)}

\`retort COMMAND --help\` says more about one.

Exit codes: 0 done, 1 some nodes failed, 2 wrong usage or invalid experiment (nothing was started), 3 the store is
damaged, full or newer, 4 locked by a live lease, 5 a package is missing, 6 \`diff --exit-code\` found differences, 70 a bug,
75 interrupted (the same command continues), 130 stopped by a second Ctrl-C.
`;
}

export function commandHelp({ name, operands, summary, details, examples, flags }: Command): string {
  const lines = examples.map(([example]) => `  ${example}`);
  const notes = examples.map(([, what]) => (what ? `# ${what}` : ''));
  const options = Object.entries({
    ...flags,
    'no-color': { description: 'No colours, whatever the environment says.' },
    'no-input': { description: 'Ask nothing; without a terminal nothing is asked anyway.' },
    help: { short: 'h', description: 'This page.' },
  });
  const spelled = options.map(
    ([flag, { value, short, optional }]: [string, { value?: string; short?: string; optional?: string }]) =>
      `  ${short ? `-${short}, ` : ''}--${flag}${value ? ` ${value}` : ''}${optional ? `[=${optional}]` : ''}`,
  );
  return `${summary}

${rows(column(lines), column(notes))}

Usage: retort ${`${name} ${operands}`.trimEnd()} [flags]
${details ? `\n${details}\n` : ''}
${rows(column(spelled), column(options.map(([, flag]) => flag.description)))}
`;
}

function column(cells: readonly string[]): TextColumn {
  return { header: '', cells };
}

function rows(...columns: TextColumn[]): string {
  return textBlock(columns).slice(1).join('\n');
}
