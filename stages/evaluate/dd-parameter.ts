/** The parameter of `evaluate` for sets that learned their own steps (DD), and what must go with it; `dd-schedule.ts` takes them. */
import { canonicalJson } from '../../base/canonical-json.ts';
import type { JsonObject } from '../../base/json.ts';
import type { InputProblem, InputStage, ParameterSchema, RuleProblem } from '../stage.ts';

export const stepsParameter = {
  enum: ['shuffled', 'learned'],
  default: 'shuffled',
  description:
    'How the set is trained on. `shuffled`: as all methods but DD have it, by the parameters here. `learned`: by the steps that a set of `dd` carries, each of its own size, from where it says; no other parameter of training is taken.',
} as const;

/** `usual`: what parameters are where nothing is written of them. */
export function learnedStepsProblems(
  params: JsonObject,
  { properties }: ParameterSchema,
  usual: JsonObject,
): RuleProblem[] {
  if (params.steps !== 'learned') return [];
  const taken = ['steps', 'network'];
  const strange = Object.keys(params).filter(
    (name) => !taken.includes(name) && params[name] !== properties[name]?.default && params[name] !== usual[name],
  );
  const problems: RuleProblem[] = strange.map((name) => ({
    path: [name],
    message: `With \`steps: learned\` the set says how it is trained on: no \`${name}\` is taken.`,
  }));
  if ((params.network as JsonObject | undefined)?.norm === 'batch')
    problems.push({ path: ['network', 'norm'], message: 'Learned steps go with every norm but `batch`.' });
  return problems;
}

/** Only DD learns steps, and those from one start are of its network; images of users' own programs are looked at when they are read. */
export function stepsInputProblems({ steps, network }: JsonObject, images: InputStage | undefined): InputProblem[] {
  if (steps !== 'learned' || !images) return [];
  const { method, networkStart, network: theirs = null } = images.params;
  const learns = images.kind === 'match' ? method === 'dd' : images.kind !== 'select';
  if (learns && networkStart === 'fixed' && canonicalJson(network ?? null) !== canonicalJson(theirs))
    return [
      {
        path: ['network'],
        message: `The steps of \`${images.name}\` begin at one start of ${JSON.stringify(theirs)}: no other network can take them.`,
        against: { role: 'images', path: ['network'] },
      },
    ];
  if (learns) return [];
  const message = `\`${images.name}\` carries no steps: \`steps: learned\` goes with sets of \`method: dd\`.`;
  return [{ path: ['steps'], message, against: { role: 'images', path: ['method'] } }];
}
