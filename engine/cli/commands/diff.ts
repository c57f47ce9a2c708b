/** What differs between two runs, slices or files, in configuration and in results; writes nothing. */
import { suggestion } from '../../config/nearest.ts';
import { looksLikeOverride } from '../../config/overrides.ts';
import { diff } from '../../report/diff.ts';
import { formatDiff } from '../../report/diff-formats.ts';
import { metricNames } from '../../report/groups.ts';
import type { TableFormat } from '../../report/table-format-names.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { print, tellUsage } from '../output.ts';
import { storeToRead } from '../results.ts';
import { parseSide, sidesOf } from '../sides.ts';
import { told } from '../told.ts';

export async function run(args: Arguments): Promise<number> {
  const store = told(storeToRead(args));
  if (!store.ok) return store.exit;
  const overrides = args.operands.filter(looksLikeOverride);
  const operands = args.operands.filter((operand) => !looksLikeOverride(operand));
  const named = operands.map(parseSide);
  const wrong = operands[named.indexOf(undefined)];
  if (operands.length !== 2 || wrong !== undefined) {
    tellUsage(
      wrong === undefined
        ? `Expected two runs, slices or files, got ${operands.length}.`
        : `Expected a slice \`RUN:axis=value[,axis=value]\`, got \`${wrong}\`.`,
      'diff',
    );
    return EXIT.usage;
  }
  const sides = await sidesOf(
    named.flatMap((side) => side ?? []),
    overrides,
    store.value,
    args,
    'diff',
  );
  if (!sides.ok) return sides.exit;
  const [a, b] = sides.value;
  if (!a || !b) throw new Error('Internal error: expected two sides');
  const metric = args.text('metric');
  const metrics = [a, b].flatMap(({ plan, figures }) => metricNames(plan, figures));
  if (metric !== undefined && metrics.length > 0 && !metrics.includes(metric)) {
    tellUsage(
      `No node has recorded a figure \`${metric}\`. ${suggestion(metric, [...new Set(metrics)], 'Figures') ?? ''}`.trim(),
      'diff',
    );
    return EXIT.usage;
  }
  const found = diff(a, b, metric);
  print(formatDiff(found, (args.text('format') ?? 'table') as TableFormat, process.stdout.columns));
  return args.has('exit-code') && found.different ? EXIT.different : EXIT.done;
}
