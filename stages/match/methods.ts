/**
 * The methods that `match` knows: what each takes of the parameters, and its defaults where they differ from the
 * schema's. Parameters that one method alone has carry no default in the schema, so that no other gets them.
 */
import { canonicalJson } from '../../base/canonical-json.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import type { ParameterSchema, RuleProblem } from '../stage.ts';

interface Method {
  /** Besides `method`, `iterations`, `learningRate`, `momentum`, `augment` and `network`, which all have. */
  readonly own: readonly string[];
  readonly defaults: JsonObject;
  /** Whether it compares embeddings, which not every network has. */
  readonly embeds: boolean;
  /** Whether it follows the trajectories of a `buffer`. */
  readonly follows: boolean;
  /** Whether it learns a fixed order of steps, each of its own size. */
  readonly steps?: boolean;
}

const COMMON = ['method', 'iterations', 'learningRate', 'momentum', 'augment', 'network'];

/** The script of MTT, `distill.py`; its settings for each published cell are in `experiments/mtt/`. */
const TRAJECTORY: JsonObject = {
  learningRate: 1000,
  studentSteps: 20,
  expertEpochs: 3,
  maxStartEpoch: 25,
  stepSize: 0.01,
  stepSizeLearningRate: 1e-5,
};

const STUDENT = [...Object.keys(TRAJECTORY).slice(1), 'batchSynthetic', 'gradient'];

/** `main.py` of DC; the outer and inner loops hang on the images per class, the rate on the network. */
const GRADIENT: JsonObject = { iterations: 1000, learningRate: 0.1, distance: 'ours', networkLearningRate: 0.01 };
/** Of DC and DSA under an MLP. */
const MLP_RATE = 0.01;
const GRADIENT_OWN = ['batchReal', 'distance', 'outerSteps', 'networkEpochs', 'networkLearningRate'];

/** `base_options.py` of DD; 400 passes over MNIST in batches of 1024. */
const STEPS: JsonObject = {
  distillSteps: 10,
  distillEpochs: 3,
  stepSize: 0.02,
  networkStart: 'random',
  networkDraws: 1,
  decayPasses: 40,
  augmentReal: 'none',
  binary: 'sigmoid',
};

export const METHODS: Readonly<Record<string, Method>> = {
  dm: { own: ['batchReal'], defaults: {}, embeds: true, follows: false },
  dc: { own: GRADIENT_OWN, defaults: { ...GRADIENT, augment: 'none' }, embeds: false, follows: false },
  dsa: { own: GRADIENT_OWN, defaults: GRADIENT, embeds: false, follows: false },
  dd: {
    own: [...Object.keys(STEPS), 'batchReal'],
    defaults: { iterations: 23_600, learningRate: 0.01, batchReal: 1024, augment: 'none', ...STEPS },
    embeds: false,
    follows: false,
    steps: true,
  },
  mtt: {
    own: STUDENT,
    defaults: { iterations: 5000, ...TRAJECTORY, gradient: 'exact' },
    embeds: false,
    follows: true,
  },
  tesla: {
    own: [...STUDENT, 'softLabels'],
    defaults: { iterations: 10_000, ...TRAJECTORY, gradient: 'published', softLabels: false },
    embeds: false,
    follows: true,
  },
};

/** What a method takes where nothing is written. */
export function methodDefaults({ method, network }: JsonObject): JsonObject {
  const { defaults = {}, own = [] } = METHODS[method as string] ?? {};
  const isMlp = (network as JsonObject | undefined)?.kind === 'mlp';
  return own === GRADIENT_OWN && isMlp ? { ...defaults, learningRate: MLP_RATE } : defaults;
}

export function methodOf(params: JsonObject): Method {
  const method = METHODS[params.method as string];
  if (!method) throw new Error(`Internal error: expected a known method, got ${params.method}`);
  return method;
}

/** Parameters of another method are refused, not ignored. */
export function methodProblems(params: JsonObject, { properties }: ParameterSchema): RuleProblem[] {
  const { own } = methodOf(params);
  const strange = Object.entries(params).filter(
    ([name, value]) => !own.includes(name) && !COMMON.includes(name) && !isDefault(value, properties[name]?.default),
  );
  return strange.map(([name]) => {
    const takers = Object.entries(METHODS).filter(([, other]) => other.own.includes(name));
    const those = new Intl.ListFormat('en').format(takers.map(([taker]) => `\`${taker}\``));
    return {
      path: [name],
      message: `Method \`${params.method}\` takes no \`${name}\`; ${those} ${takers.length === 1 ? 'does' : 'do'}.`,
    };
  });
}

function isDefault(value: Json, usual: Json | undefined): boolean {
  return usual !== undefined && canonicalJson(value) === canonicalJson(usual);
}
