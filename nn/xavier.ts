/** Xavier's normal initialisation, as DD's authors start every network: weights N(0, 2/(fan-in + fan-out)), biases 0, norms 1 and 0. */
import type { ParameterSpec } from './layers.ts';
import type { Network } from './network.ts';

/** The same network, its parameters drawn so; `initialise` of it makes one. */
export function withXavier(network: Network): Network {
  return { ...network, parameters: network.parameters.map(xavier) };
}

function xavier({ name, shape, init }: ParameterSpec): ParameterSpec {
  // Norms start at constants already, and stay so.
  if (init.kind === 'constant') return { name, shape, init };
  if (shape.length < 2) return { name, shape, init: { kind: 'constant', value: 0 } };
  const [out = 1, into = 1, ...kernel] = shape;
  const window = kernel.reduce((product, length) => product * length, 1);
  return { name, shape, init: { kind: 'normal', deviation: Math.sqrt(2 / ((into + out) * window)) } };
}
