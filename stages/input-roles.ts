/**
 * Names of inputs. A role that takes one stage is its own name. One that takes several (`many`) holds them as `role[0]`,
 * `role[1]`, … in the order of the experiment: always so for a stage (its context and its rules), while a plan writes
 * `role` where a single stage is named, so that a role may become a list and no key changes.
 */
import type { StageKind } from './stage.ts';

/** `teacher[2]` → `teacher`. */
export function roleOf(name: string): string {
  const at = name.indexOf('[');
  return at < 0 ? name : name.slice(0, at);
}

/** As a plan writes them. */
export function inputNames(role: string, count: number): string[] {
  return count === 1 ? [role] : Array.from({ length: count }, (_, index) => `${role}[${index}]`);
}

/** As the stage itself sees them. */
export function asStageSees<T>(
  kind: Pick<StageKind, 'inputs'>,
  inputs: Readonly<Record<string, T>>,
): Record<string, T> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, input]) => [kind.inputs[name]?.many ? `${name}[0]` : name, input]),
  );
}

/** What a role of several stages holds, in order; also what one of a single stage does. */
export function listOf<T>(inputs: Readonly<Record<string, T>>, role: string): T[] {
  const own = inputs[role];
  const list = own === undefined ? [] : [own];
  for (let input = inputs[`${role}[0]`]; input !== undefined; input = inputs[`${role}[${list.length}]`])
    list.push(input);
  return list;
}
