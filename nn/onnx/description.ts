/**
 * A network's description out of a file that anybody may have written. Only its form is checked here: known kind, short
 * words, numbers small enough that building the network takes no time; whether they fit, the network itself says.
 */
import { fail, ok, type Result } from '../../base/result.ts';
import { NETWORK_KINDS, type NetworkInput, type NetworkSpec } from '../network.ts';

export interface NetworkDescription {
  readonly spec: NetworkSpec;
  readonly input: NetworkInput;
}

const LARGEST_EXTENT = 2 ** 16;
const LARGEST_DEPTH = 256;

export function parseDescription(text: string): Result<NetworkDescription> {
  const wrong = (reason: string) => fail('TEACHER_DESCRIPTION', `The file describes no network: ${reason}`);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return wrong('its description is no JSON');
  }
  const { spec, input } = fieldsOf(json);
  const { kind, ...rest } = fieldsOf(spec);
  if (!NETWORK_KINDS.some((known) => known === kind)) return wrong(`it has the unknown kind ${JSON.stringify(kind)}`);
  for (const [name, value] of Object.entries(rest)) {
    if (!isPlain(value, name === 'depth' ? LARGEST_DEPTH : LARGEST_EXTENT)) return wrong(`it has an unusable ${name}`);
  }
  const extents = fieldsOf(input);
  for (const name of ['channels', 'height', 'width', 'classes']) {
    if (typeof extents[name] !== 'number' || !isPlain(extents[name], LARGEST_EXTENT)) return wrong(`it has no ${name}`);
  }
  return ok({ spec: spec as NetworkSpec, input: input as NetworkInput });
}

function fieldsOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

/** A number up to `most`, a word, a yes or no, or a short list of numbers. */
function isPlain(value: unknown, most: number): boolean {
  if (Array.isArray(value))
    return value.length <= 64 && value.every((one) => typeof one === 'number' && isPlain(one, most));
  if (typeof value === 'number') return value >= 0 && value <= most;
  return typeof value === 'boolean' || (typeof value === 'string' && value.length <= 64);
}
