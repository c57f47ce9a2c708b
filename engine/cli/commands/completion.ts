/** Completion for a shell, or what the script of one asks for while somebody types. */
import { stageKinds } from '../../../stages/registry.ts';
import { allRuns, openRun } from '../../store/runs.ts';
import { openStore } from '../../store/store.ts';
import type { Arguments } from '../arguments.ts';
import { commands } from '../commands.ts';
import { completionScript, SHELLS, type Shell } from '../completion.ts';
import { EXIT } from '../exit-codes.ts';
import { storeFolder } from '../folders.ts';
import { print, tellUsage } from '../output.ts';

/** The newest runs; more would not be read. */
const MOST_RUNS = 50;

export async function run(args: Arguments): Promise<number> {
  const wanted = args.text('list');
  if (wanted !== undefined) {
    print(
      listed(wanted, args)
        .map((line) => `${line}\n`)
        .join(''),
    );
    return EXIT.done;
  }
  const [shell] = args.operands;
  if (!SHELLS.some((known) => known === shell)) {
    tellUsage(`Expected one of ${SHELLS.join(', ')}${shell === undefined ? '' : `, got \`${shell}\``}.`, 'completion');
    return EXIT.usage;
  }
  print(completionScript(shell as Shell, commands));
  return EXIT.done;
}

/** Never a word of what is wrong: somebody is typing. */
function listed(what: string, args: Arguments): string[] {
  if (what === 'stages') return stageKinds.map(({ kind }) => kind);
  const store = openStore(storeFolder(args));
  if (!store.ok) return [];
  const runs = allRuns(store.value).reverse();
  if (what === 'runs') return ['last', ...runs.slice(0, MOST_RUNS)];
  for (const id of runs) {
    const newest = openRun(store.value, id);
    if (newest.ok) return newest.value.plan.nodes.map((node) => node.id);
  }
  return [];
}
