/** Definitions by name. Filled once by `table.ts`, so that rules can use builders, which look definitions up. */
import type { OpDefinition, OpFamily } from './definition.ts';

const definitions = new Map<string, OpDefinition>();

export function register(family: OpFamily): void {
  for (const [name, definition] of Object.entries(family)) {
    if (definitions.has(name)) throw new Error(`Internal error: the operation ${name} is defined twice`);
    definitions.set(name, definition);
  }
}

export function opDefinition(name: string): OpDefinition {
  const definition = definitions.get(name);
  if (!definition) throw new Error(`There is no operation ${name}`);
  return definition;
}

export function opNames(): readonly string[] {
  return [...definitions.keys()];
}
