/** The text of a `retort.config.yaml` → settings, with the same answers to mistakes as experiments get. */
import type { JsonObject } from '../../base/json.ts';
import { parseYaml } from './parse.ts';
import { Problems } from './problems.ts';
import type { ReadSettings, Settings } from './settings.ts';
import { Source } from './source.ts';
import { described, toJson } from './tree.ts';
import { validate } from './validate.ts';

export function parseSettings(
  path: string,
  text: string,
  properties: Readonly<Record<string, JsonObject>>,
): ReadSettings {
  const problems = new Problems();
  const tree = parseYaml(new Source(path, text), problems);
  if (tree && tree.type !== 'map')
    problems.in(
      tree,
      'NOT_A_MAP',
      `Expected keys such as \`backend: onnxruntime\` at the top, but found ${described(tree)}.`,
    );
  else if (tree)
    validate(tree, { type: 'object', properties, additionalProperties: false }, { what: 'the settings' }, problems);
  if (problems.any) return { ok: false, error: problems.list([path]) };
  // Nothing but comments is nothing decided.
  return { ok: true, value: tree ? (toJson(tree) as Settings) : {} };
}
