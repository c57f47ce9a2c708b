/** A golden case on disk: `case.json` and `tensors.safetensors`, in the format of `test/goldens/README.md`. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../base/json.ts';
import { fail, ok, type Result } from '../../base/result.ts';
import { decodeSafetensors } from '../../tensor/files/safetensors.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { filledValues } from './network-case.ts';

export interface GoldenCase {
  readonly id: string;
  readonly method: string;
  /** Repository and function that produced the outputs. */
  readonly source: string;
  readonly params: JsonObject;
  /** Those of the file and, where `params.fill_rule` gives a network's values instead, these. */
  readonly inputs: Readonly<Record<string, Tensor>>;
  readonly outputs: Readonly<Record<string, Tensor>>;
  /** What each output is, in words: some settings of a case stand nowhere else. */
  readonly meanings: Readonly<Record<string, string>>;
  readonly notes: string;
  readonly rtol: number;
  readonly atol: number;
}

/** Every folder of `folder` that holds a `case.json`, in the order of their names. */
export function caseFolders(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'case.json')))
    .sort()
    .map((name) => join(folder, name));
}

export function readCase(folder: string): Result<GoldenCase> {
  const file = join(folder, 'case.json');
  try {
    const {
      id,
      method,
      source,
      params,
      inputs,
      outputs,
      rtol,
      atol,
      notes = '',
    } = JSON.parse(readFileSync(file, 'utf8'));
    const decoded = decodeSafetensors(readFileSync(join(folder, 'tensors.safetensors')));
    if (!decoded.ok) return decoded;
    const { tensors } = decoded.value;
    const missing = [...Object.keys(inputs), ...Object.keys(outputs)].filter((name) => !tensors[name]);
    if (missing.length > 0)
      return fail('GOLDEN_UNREADABLE', `It has no tensor ${missing.join(', ')}`, { place: folder });
    const named = (names: object) =>
      Object.fromEntries(Object.keys(names).map((name) => [name, tensors[name] as Tensor]));
    const filled = params.fill_rule === undefined ? {} : filledValues(params);
    return ok({
      ...{ id, method, source, params, notes, rtol, atol },
      inputs: { ...filled, ...named(inputs) },
      outputs: named(outputs),
      meanings: outputs,
    });
  } catch (error) {
    return fail('GOLDEN_UNREADABLE', (error as Error).message, { place: folder });
  }
}
