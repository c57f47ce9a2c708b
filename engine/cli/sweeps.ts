/**
 * `--grid`: an override with several values is an axis. `stages.score.epochs=1,2` becomes `+matrix.epochs=[1,2]` and
 * `stages.score.epochs=$epochs`, which is what the run records. Without the flag commas are a mistake: no grid grows by accident.
 */
import { fail, ok, type Result } from '../../base/result.ts';
import { looksLikeOverride } from '../config/overrides.ts';

/** Operands of a command line with `--grid`. */
export function swept(operands: readonly string[]): Result<string[]> {
  const taken = new Set<string>();
  const result = operands.flatMap((operand) => {
    const [, path = '', value = ''] = looksLikeOverride(operand) ? (/^([^=~]+)=(.*)$/s.exec(operand) ?? []) : [];
    if (valuesOf(value).length < 2) return [operand];
    // An axis of the file, with other values.
    if (/^\+*matrix\.[^.]+$/.test(path)) {
      taken.add(path.replace(/^.*\./, ''));
      return [`${path}=[${value}]`];
    }
    const axis = axisName(path, taken);
    taken.add(axis);
    return [`+matrix.${axis}=[${value}]`, `${path}=$${axis}`];
  });
  if (taken.size > 0) return ok(result);
  return fail('USAGE', 'Expected `--grid` to come with several values, as in `stages.score.epochs=100,300`.');
}

/** The last key; with the one before where two axes would have one name. */
function axisName(path: string, taken: ReadonlySet<string>): string {
  const keys = path.replace(/^\++/, '').split('.');
  const last = keys.at(-1) ?? '';
  return taken.has(last) ? keys.slice(-2).join('_') : last;
}

/** Between commas that stand in no bracket and no quotes, as YAML has them. */
export function valuesOf(text: string): string[] {
  const values = [''];
  let depth = 0;
  let quote = '';
  for (const letter of text) {
    if (quote !== '') quote = letter === quote ? '' : quote;
    else if (letter === '"' || letter === "'") quote = letter;
    else if ('[{'.includes(letter)) depth++;
    else if (']}'.includes(letter)) depth--;
    if (letter === ',' && depth === 0 && quote === '') values.push('');
    else values[values.length - 1] += letter;
  }
  return values;
}
