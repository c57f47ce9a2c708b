/** The networks of a table in words, from the parameters of its evaluations: `convnet (width 32, depth 3)`. */
import type { Json, JsonObject } from '../../base/json.ts';

/** Each network once, in the order of the nodes. */
export function describeNetwork(params: readonly JsonObject[]): string {
  const named = params.flatMap(({ network }) => (network === undefined ? [] : [one(network)]));
  return [...new Set(named)].filter(Boolean).join('; ');
}

function one(network: Json): string {
  if (typeof network === 'string') return network;
  if (typeof network !== 'object' || network === null || Array.isArray(network)) return '';
  const { kind, ...rest } = network as JsonObject;
  const details = Object.entries(rest)
    .filter(([, value]) => typeof value === 'number' || typeof value === 'string')
    .map(([name, value]) => `${name} ${value}`);
  return `${String(kind ?? 'network')}${details.length > 0 ? ` (${details.join(', ')})` : ''}`;
}
