/** A program of the user's own as a stage: what goes in and what comes out is declared, and what is not is not kept. */
import type { StageKind } from '../stage.ts';
import { placeholderProblems } from './placeholders.ts';

const text = { type: 'string' } as const;

export const OUTPUT_ROLES = ['images', 'network', 'trajectories', 'softLabels', 'pictures', 'metrics'] as const;

const INPUTS: StageKind['inputs'] = {
  images: { type: 'synthetic-set', required: false, description: 'A synthetic set.' },
  network: { type: 'network', required: false, description: 'A trained network.' },
  trajectories: { type: 'trajectories', required: false, description: 'Training trajectories.' },
  softLabels: { type: 'soft-labels', required: false, description: 'Soft labels.' },
  pictures: { type: 'pictures', required: false, description: 'Pictures.' },
  metrics: { type: 'metrics', required: false, description: 'Figures.' },
};

export const command: StageKind = {
  kind: 'command',
  version: 1,
  description:
    'Runs a program of your own (a PyTorch script, say), once for each synthetic set, in an empty folder that holds the declared files.',
  parameters: {
    type: 'object',
    properties: {
      run: {
        type: 'array',
        items: { type: ['string', 'number', 'boolean'] },
        minItems: 1,
        description:
          'The program and its arguments, without a shell. `{out}`: the folder for results; `{in.images}` and the like: the folder of an input; `{params}`: a JSON file with `params`, seed and folders; `{seed}`: a whole number; `{data}`: the folder of the data set.',
        examples: [['python3', 'train.py', '--out', '{out}', '--seed', '{seed}']],
      },
      files: {
        type: 'array',
        items: text,
        description:
          'Everything of yours that the program reads, relative to the experiment; put into the folder in which it runs, and part of the key by content. Without this list the stage is not tracked: it runs in the folder of the experiment, every time, with everything that reads it.',
        examples: [['train.py', 'model.py']],
      },
      version: {
        type: 'integer',
        minimum: 1,
        default: 1,
        description: 'Raise it when results change for a reason that no file shows: another PyTorch, say.',
      },
      outputs: {
        type: 'array',
        items: { enum: [...OUTPUT_ROLES] },
        uniqueItems: true,
        minItems: 1,
        default: ['metrics'],
        description:
          'What it makes, each as files in a folder of that name under `{out}`. `metrics`: `metrics.json`, numbers by name. `images`: `synthetic.safetensors` with `images` F32 [n, C, H, W], normalised, and `labels` [n].',
        examples: [['images'], ['images', 'metrics']],
      },
      params: {
        type: 'object',
        additionalProperties: true,
        default: {},
        description: 'Whatever it wants to know, as it stands in the JSON file `{params}` and in $RETORT_PARAMS.',
        examples: [{ learningRate: 0.1 }],
      },
      environment: {
        type: 'array',
        items: { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$' },
        uniqueItems: true,
        default: [],
        description:
          'Names of variables that it may see beside PATH and HOME; their values are not part of the key, since they should not change a result.',
        examples: [['CUDA_VISIBLE_DEVICES', 'HF_HOME']],
      },
      variables: {
        type: 'object',
        additionalProperties: text,
        default: {},
        description: 'Variables with their values, which are part of the key.',
        examples: [{ CUBLAS_WORKSPACE_CONFIG: ':4096:8' }],
      },
      steps: {
        type: 'integer',
        minimum: 1,
        default: 1,
        description:
          'Into how many steps its progress is divided, as it tells by lines such as `retort: step 3/10 loss=0.5` or `{"step": 3, "steps": 10, "loss": 0.5}`.',
      },
      grace: {
        type: 'number',
        exclusiveMinimum: 0,
        default: 10,
        description: 'How long it may take to end after SIGTERM, in seconds; then it is killed.',
      },
      untracked: {
        type: 'string',
        default: '',
        description: 'Filled in by retort where `files` is missing: another value every time.',
      },
    },
    required: ['run'],
  },
  inputs: INPUTS,
  outputs: {
    images: { type: 'synthetic-set', description: 'A synthetic set.' },
    network: { type: 'network', description: 'A trained network.' },
    trajectories: { type: 'trajectories', description: 'Training trajectories.' },
    softLabels: { type: 'soft-labels', description: 'Soft labels.' },
    pictures: { type: 'pictures', description: 'Pictures.' },
    metrics: { type: 'metrics', description: 'Figures.' },
  },
  rules: ({ run }) => placeholderProblems(run as string[], Object.keys(INPUTS)),
  inputRules: ({ run }, inputs) => placeholderProblems(run as string[], Object.keys(INPUTS), Object.keys(inputs)),
  outputRoles: ({ outputs }) => outputs as string[],
  userFiles: { list: 'files', untracked: 'untracked' },
  steering: ['environment', 'grace'],
  replicates: ['set'],
  usesData: true,
  threads: 1,
  async open(context) {
    return (await import('./run.ts')).openCommand(context);
  },
};
