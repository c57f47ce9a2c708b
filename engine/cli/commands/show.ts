/** A run or a node: what it is, what it came from, what it made and what it took; from the files alone. */
import { existsSync } from 'node:fs';
import { ok, type Result } from '../../../base/result.ts';
import { lookAtRun, openRun, planPath, type RunFolder } from '../../store/runs.ts';
import type { Store } from '../../store/store.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import { type FoundNode, findNode } from '../find-node.ts';
import { findRunId } from '../find-run.ts';
import { print, tellFailure } from '../output.ts';
import { storeOfRuns } from '../results.ts';
import { runJson, runPage } from '../run-page.ts';

export async function run(args: Arguments): Promise<number> {
  const [name = 'last'] = args.operands;
  const store = storeOfRuns(args);
  if (!store.ok) return store.exit;
  const asJson = (value: object) => `${JSON.stringify(value, null, 2)}\n`;
  const showNode = async (node: FoundNode) => {
    // With the stages, which tell what their parameters are: a run needs none.
    const { nodeJson, nodePage } = await import('../node-page.ts');
    print(args.has('json') ? asJson(nodeJson(store.value, node)) : nodePage(store.value, node));
    return EXIT.done;
  };
  // No run has such a name, and to say which one is near takes its time.
  const plainly = name.includes('[') ? findNode(store.value, name) : undefined;
  if (plainly?.ok) return showNode(plainly.value);
  const run = runNamed(store.value, name);
  if (run.ok) {
    print(args.has('json') ? asJson(runJson(run.value)) : runPage(run.value));
    return EXIT.done;
  }
  const node = plainly ?? findNode(store.value, name);
  if (node.ok) return showNode(node.value);
  tellFailure(
    run.error.code !== 'STORE_RUN_MISSING'
      ? run.error
      : /[[/]/.test(name) || node.error.help?.startsWith('Did you mean')
        ? node.error
        : { ...run.error, message: `There is neither a run nor a node \`${name}\` in this store.` },
  );
  return exitCodeOf(run.error);
}

/** Its plan is looked at in part, where it is there at all. */
function runNamed(store: Store, name: string): Result<RunFolder> {
  const id = findRunId(store, name);
  if (!id.ok) return id;
  return existsSync(planPath(store, id.value)) ? ok(lookAtRun(store, id.value)) : openRun(store, id.value);
}
