/** What a stage makes with certain parameters; most kinds always make the same. */
import type { JsonObject } from '../base/json.ts';
import type { StageKind } from './stage.ts';

export function outputsOf(kind: StageKind, params: JsonObject): StageKind['outputs'] {
  const made = kind.outputRoles?.(params);
  if (!made) return kind.outputs;
  return Object.fromEntries(Object.entries(kind.outputs).filter(([role]) => made.includes(role)));
}
