/** The table of an experiment or a run as one HTML page, from what is in the store; computes nothing anew. */
import { writeFileSync } from 'node:fs';
import { slicedPlan } from '../../report/diff-cells.ts';
import { reportPage } from '../../report/html/page.ts';
import { resultTable } from '../../report/table.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import { print, tellFailure, tellUsage } from '../output.ts';
import { storeToRead } from '../results.ts';
import { parseSide, sidesOf } from '../sides.ts';

export async function run(args: Arguments): Promise<number> {
  const store = storeToRead(args);
  if (!store.ok) {
    tellFailure(store.error);
    return exitCodeOf(store.error);
  }
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
      return resultTable(slicedPlan(side), figures, { ...(failed && { failed }), ...(pruned && { pruned }) });
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
    tellFailure({ code: 'report/unwritable', place: file, message: `Cannot write: ${(error as Error).message}` });
    return EXIT.usage;
  }
  return EXIT.done;
}
