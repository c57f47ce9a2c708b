/** Experiments and runs as one HTML page, tables and pictures, from what is in the store; computes nothing anew. */
import { writeFileSync } from 'node:fs';
import type { Plan } from '../../plan/plan.ts';
import { slicedPlan } from '../../report/diff-cells.ts';
import { type Picture, reportPage } from '../../report/html/page.ts';
import { resultTable } from '../../report/table.ts';
import { readObject } from '../../store/objects.ts';
import type { Store } from '../../store/store.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { print, tellFailure, tellUsage } from '../output.ts';
import { recordsOf, storeToRead } from '../results.ts';
import { parseSide, sidesOf } from '../sides.ts';
import { told } from '../told.ts';

export async function run(args: Arguments): Promise<number> {
  const store = told(storeToRead(args));
  if (!store.ok) return store.exit;
  const meant = args.operands.flatMap((name) => parseSide(name) ?? []);
  if (meant.length < args.operands.length) {
    tellUsage('Expected runs, files or slices `RUN:axis=value`.', 'report');
    return EXIT.usage;
  }
  const sides = await sidesOf(meant, [], store.value, args, 'report');
  if (!sides.ok) return sides.exit;
  const page = reportPage(
    sides.value.map((side) => {
      const { figures, failed, pruned } = side;
      const plan = slicedPlan(side);
      const table = resultTable(plan, figures, { ...(failed && { failed }), ...(pruned && { pruned }) });
      return { table, pictures: picturesOf(plan, store.value) };
    }),
  );
  const file = args.text('output');
  if (file === undefined) {
    print(page);
    return EXIT.done;
  }
  try {
    writeFileSync(file, page);
  } catch (error) {
    tellFailure({
      code: 'REPORT_UNWRITABLE',
      place: file,
      message: `The page cannot be written: ${(error as Error).message}`,
    });
    return EXIT.usage;
  }
  return EXIT.done;
}

/** Before and after, of the first set of every cell. */
function picturesOf(plan: Plan, store: Store | undefined): Picture[] {
  const records = recordsOf(store, plan);
  return plan.nodes
    .filter(({ uses }) => uses.some(({ set = 1, at }) => set === 1 && at === undefined))
    .flatMap(({ id, key }) =>
      Object.values(records.get(key)?.artifacts ?? {}).flatMap((files) =>
        Object.entries(files)
          .filter(([name]) => name.endsWith('.png'))
          .flatMap(([name, { sha256 }]) => {
            const png = store ? readObject(store, sha256) : undefined;
            return png?.ok ? [{ title: `${id}: ${name.replace(/\.png$/, '')}`, png: png.value }] : [];
          }),
      ),
    );
}
