/** `snapshots` of a stage: as steps, checked against the number of steps that its parameters say. */
import type { Json, JsonObject } from '../../base/json.ts';
import { stepsOf } from '../plan/chain.ts';
import { SNAPSHOTS } from './experiment-schema.ts';
import type { Problems } from './problems.ts';
import type { StageTree } from './stage-tree.ts';
import { described, locate, toJson } from './tree.ts';
import { validate } from './validate.ts';

/** More would cost more than the stage itself. */
const MAX_SNAPSHOTS = 1000;

const SCHEMA: JsonObject = { type: 'object', properties: { snapshots: SNAPSHOTS } };

/** Rising, none at the stage's end; undefined where it takes none. */
export function snapshotsOf(
  { name, kind, map }: StageTree,
  params: JsonObject,
  problems: Problems,
): readonly number[] | undefined {
  const entry = map.entries.get('snapshots');
  if (!entry || (entry.value.type === 'scalar' && entry.value.value === null)) return undefined;
  const before = problems.count;
  if (entry.value.type === 'scalar' && !entry.value.refused) {
    const { value } = entry.value;
    const message = `Expected \`snapshots\` to be a map, but found ${described(entry.value)}.`;
    problems.found(locate(map, ['snapshots']), 'value', 'WRONG_TYPE', message, {
      help: `Write \`snapshots: { every: ${/\d+/.exec(String(value))?.[0] ?? 100} }\`, or \`{ at: [100, 500] }\`.`,
    });
    return undefined;
  }
  validate({ ...map, entries: new Map([['snapshots', entry]]) }, SCHEMA, { what: 'a stage' }, problems);
  if (problems.count > before) return undefined;
  const total = stepsOf(kind, params);
  const found = (...path: readonly (string | number)[]) => locate(map, ['snapshots', ...path]);
  if (total === undefined) {
    const message = `The stage \`${name}\` (${kind.kind}) gives a result at its end only, so it can take no snapshots.`;
    problems.found(found(), 'key', 'NO_SNAPSHOTS', message);
    return undefined;
  }
  const { every, at } = toJson(entry.value) as { every?: number; at?: readonly Json[] };
  const parameter = kind.prefixExtending === undefined ? '' : ` (\`${kind.prefixExtending}\`)`;
  const range = `\`${name}\` has ${total} steps${parameter}`;
  if (every !== undefined) {
    const count = Math.ceil(total / every) - 1;
    if (every > total)
      problems.found(found('every'), 'value', 'SNAPSHOT_BEYOND', `Snapshots every ${every} steps: ${range}.`, {
        help: 'Take them more often.',
      });
    else if (count > MAX_SNAPSHOTS)
      problems.found(
        found('every'),
        'value',
        'TOO_MANY_SNAPSHOTS',
        `Snapshots every ${every} steps are ${count}: ${range}.`,
        {
          help: `Expected at most ${MAX_SNAPSHOTS}.`,
        },
      );
    else return Array.from({ length: count }, (_, index) => (index + 1) * every);
    return undefined;
  }
  const steps = (at ?? []) as readonly number[];
  steps.forEach((step, index) => {
    if (step >= total)
      problems.found(found('at', index), 'value', 'SNAPSHOT_BEYOND', `A snapshot at step ${step}: ${range}.`, {
        help: 'The end is a result anyway; a snapshot comes before it.',
      });
  });
  return problems.count > before ? undefined : [...new Set(steps)].sort((a, b) => a - b);
}
