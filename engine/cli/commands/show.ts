/** A run or a node: what it is, what it came from, what it made and what it took; from the files alone. */
import type { Arguments } from '../arguments.ts';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import { findNode } from '../find-node.ts';
import { findRun } from '../find-run.ts';
import { nodeJson, nodePage } from '../node-page.ts';
import { print, tellFailure } from '../output.ts';
import { storeOfRuns } from '../results.ts';
import { runJson, runPage } from '../run-page.ts';

export async function run(args: Arguments): Promise<number> {
  const [name = 'last'] = args.operands;
  const store = storeOfRuns(args);
  if (!store.ok) return store.exit;
  const asJson = (value: object) => `${JSON.stringify(value, null, 2)}\n`;
  const run = findRun(store.value, name);
  if (run.ok) {
    print(args.has('json') ? asJson(runJson(run.value)) : runPage(run.value));
    return EXIT.done;
  }
  const node = findNode(store.value, name);
  if (node.ok) {
    print(args.has('json') ? asJson(nodeJson(store.value, node.value)) : nodePage(store.value, node.value));
    return EXIT.done;
  }
  tellFailure(
    /[[/]/.test(name) || node.error.help?.startsWith('Did you mean')
      ? node.error
      : { ...run.error, message: `There is neither a run nor a node \`${name}\` in this store.` },
  );
  return exitCodeOf(run.error);
}
