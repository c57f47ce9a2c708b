/** Every error of every file in one answer. */
import type { Arguments } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { print, tell } from '../output.ts';
import { operandsOf, resolveAll, toldAs } from '../prepare.ts';

export async function run(args: Arguments): Promise<number> {
  const operands = operandsOf(args, 'validate');
  if (!operands.ok) return operands.exit;
  const resolved = resolveAll(operands.value, args);
  if (args.has('json')) {
    const errors = resolved.ok ? [] : resolved.error;
    print(`${JSON.stringify({ schema: 'retort-diagnostics/1', errors }, null, 2)}\n`);
    return resolved.ok ? EXIT.done : EXIT.usage;
  }
  if (!resolved.ok) return toldAs(resolved.error).exit;
  for (const { file, name, cells } of resolved.value)
    tell(`${file}: ${name}: no errors, ${cells.length} ${cells.length === 1 ? 'cell' : 'cells'}\n`);
  return EXIT.done;
}
