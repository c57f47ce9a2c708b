/** A ZCA fit as a file, the role by which stages read one, and the rule that all of a cell's stages read the same. */
import { fail, ok, type Result } from '../base/result.ts';
import type { DataSetFacts } from '../data/data-set.ts';
import { type Zca, zcaOf } from '../data/zca.ts';
import { decodeSafetensors, encodeSafetensors } from '../tensor/files/safetensors.ts';
import type { InputProblem, InputStage } from './stage.ts';

/** `mean` [1, D], `matrix` and `inverse` [D, D] of images in [0, 1], float32. */
export const WHITENING_FILE = 'zca.safetensors';

export const whiteningInput = {
  type: 'statistics',
  required: false,
  description: 'The stage `zca` whose fit whitens all images; without it they are normalised by mean and deviation.',
} as const;

export function whiteningFile(zca: Zca, data: DataSetFacts, eps: number): Record<string, Uint8Array> {
  return { [WHITENING_FILE]: encodeSafetensors({ ...zca }, { set: data.name, eps: String(eps) }) };
}

export function readWhitening(bytes: Uint8Array, data: DataSetFacts): Result<Zca> {
  const decoded = decodeSafetensors(bytes, WHITENING_FILE);
  if (!decoded.ok) return decoded;
  const { tensors, metadata } = decoded.value;
  const zca = zcaOf(tensors);
  if (!zca.ok) return zca;
  const size = data.channels * data.height * data.width;
  if (metadata.set === data.name && zca.value.mean.data.length === size) return ok(zca.value);
  return fail(
    'WHITENING_SET',
    `This ZCA was fitted on ${metadata.set}, but the experiment's data set is ${data.name}.`,
    {
      place: WHITENING_FILE,
      help: 'Fit it on the data set that the experiment names.',
    },
  );
}

/**
 * What a stage reads must live in the space that it works in itself. Kinds that know nothing of whitening (users' own
 * programs) are believed; what they made is looked at when it is read.
 */
export function whiteningProblems(
  inputs: Readonly<Record<string, InputStage>>,
  roles: readonly string[],
  knows: (kind: string) => boolean = (kind) => kind !== 'command',
): InputProblem[] {
  const own = inputs.whitening?.name;
  return roles.flatMap((role) => {
    const upstream = inputs[role];
    const theirs = upstream?.inputs.whitening?.name;
    if (!upstream || !knows(upstream.kind) || theirs === own) return [];
    const told = theirs === undefined ? 'no `whitening`' : `\`whitening: ${theirs}\``;
    const here = own === undefined ? 'none' : `\`${own}\``;
    return [
      {
        path: own === undefined ? [role] : ['whitening'],
        message: `\`${upstream.name}\` is made with ${told}, but this stage has ${here}: both must live in one space.`,
        against: { role, path: theirs === undefined ? [] : ['whitening'] },
      },
    ];
  });
}
