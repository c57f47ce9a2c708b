/**
 * Every command there is, in the order of the help. Only descriptions: the code of a command is loaded when it runs. Long
 * because it is one table, from which help, arguments and completion are made.
 */
import { EXPORT_FORMATS } from '../export/format-names.ts';
import { NUMERICS_MODES } from '../plan/numerics.ts';
import { TABLE_FORMAT_NAMES } from '../report/table-format-names.ts';
import type { Command, Flag } from './command.ts';

const store: Flag = {
  value: 'DIR',
  description: 'Where results are kept (default: $RETORT_STORE, `store` of retort.config.yaml, runs).',
};
const data: Flag = {
  value: 'DIR',
  description:
    'Folder of the data set, or of several by name (default: $RETORT_DATA, `data` of retort.config.yaml, what is bundled).',
};
const backend: Flag = {
  value: 'NAME',
  description: 'Numeric backend; wins over the experiment (see `retort doctor`).',
};
const grid: Flag = { description: '`key=a,b` is an axis of the grid with these values.' };
const numerics: Flag = {
  value: 'WHAT',
  choices: NUMERICS_MODES,
  description: 'Keys hold all that can move a bit (strict), or leave out machine and threads (backend).',
};
const rerunOn: Flag = {
  value: 'code',
  choices: ['code'],
  description: 'code: results that other code of their stage has made are made again, beside the old ones.',
};
const json: Flag = { description: 'One JSON document with a schema version.' };

const only: Flag = {
  value: 'GLOB',
  description: 'Only these nodes and what they need, by node (`distil[method=dm*`) or stage (`distil`).',
};

export const REPORTERS = ['tui', 'plain', 'ndjson', 'silent'] as const;

export const commands: readonly Command[] = [
  {
    name: 'run',
    operands: 'FILE… [key=value…]',
    fewest: 1,
    summary: 'Run what is missing of an experiment and print its table.',
    details:
      'Finished work is never repeated. Ctrl-C finishes the current step, writes checkpoints and exits 75; the same\ncommand continues. `key=value` changes a value of the file, `+key=value` adds one, `~key` deletes one.',
    examples: [
      ['retort run experiments/quickstart.yaml', 'the first one to try'],
      ['retort run grid.yaml replicates.sets=10', 'the same with more synthetic sets'],
      ['retort run grid.yaml --grid stages.score.epochs=100,300', 'one more axis'],
      ['retort run grid.yaml --data ~/data --events events.ndjson', 'full data set, and events for a program'],
    ],
    flags: {
      store,
      data,
      backend,
      numerics,
      'rerun-on': rerunOn,
      grid,
      reporter: {
        value: 'NAME',
        choices: REPORTERS,
        description: 'tui (on a terminal), plain, ndjson (events on stdout) or silent.',
      },
      events: {
        value: 'FILE',
        description:
          'Also every event as a line of JSON (`retort-events/1`) in FILE; `ndjson`: on stdout, without the table.',
      },
      only,
      concurrency: {
        value: 'N',
        count: true,
        description: 'Attempts side by side (default: as many as have room on this machine).',
      },
      'fail-fast': {
        optional: 'stop',
        choices: ['stop'],
        description: 'Start nothing new once a node has failed; `=stop`: and end what is under way, with checkpoints.',
      },
      'no-prune': { description: 'Give up no cell, and continue those that were, from their checkpoints.' },
      'debug-nan': { description: 'Where a number is not finite, name the operation that made it, and its line.' },
    },
    load: () => import('./commands/run.ts'),
  },
  {
    name: 'plan',
    operands: 'FILE… [key=value…]',
    fewest: 1,
    summary: 'Show what would run and why, its price, and what is there already; run nothing.',
    examples: [
      ['retort plan grid.yaml', 'nodes, which of them are hits, and what the rest will take'],
      ['retort plan grid.yaml --values', 'every value, and where it comes from'],
      ['retort plan grid.yaml --probe', 'a few steps of what has no history, for a price'],
    ],
    flags: {
      store,
      data,
      backend,
      numerics,
      'rerun-on': rerunOn,
      grid,
      only,
      probe: {
        description:
          'Where there is no history, run a few steps (seconds for each kind of work) and price the rest by them; keeps nothing.',
      },
      values: { description: 'Every value as resolved, with its origin: default, file and line, or command line.' },
      json,
    },
    load: () => import('./commands/plan.ts'),
  },
  {
    name: 'explain',
    operands: 'FILE [NODE] [key=value…]',
    fewest: 1,
    summary: 'Why a node is there or must be computed.',
    details: 'The shortest list of differences from the nearest earlier result of the store; NODE may have `*`.',
    examples: [
      ['retort explain grid.yaml', 'a line for every node'],
      ["retort explain grid.yaml 'score[*set=1*'", 'in full'],
    ],
    flags: { store, data, backend, grid, numerics, 'rerun-on': rerunOn, json },
    load: () => import('./commands/explain.ts'),
  },
  {
    name: 'validate',
    operands: 'FILE… [key=value…]',
    fewest: 1,
    summary: 'Check experiments: every error with its place.',
    examples: [['retort validate experiments/*.yaml', '']],
    flags: { backend, grid, json },
    load: () => import('./commands/validate.ts'),
  },
  {
    name: 'compare',
    operands: 'FILE|RUN… [key=value…]',
    fewest: 1,
    summary: 'The table of an experiment or a run, from what is in the store.',
    examples: [
      ['retort compare grid.yaml --by imagesPerClass', 'differences along that axis'],
      ['retort compare last:method=dm --sort', 'a slice, best first'],
      ['retort compare grid.yaml --format csv > grid.csv', ''],
      ['retort compare last --attempts --format csv > ledger.csv', 'where the time went, attempt by attempt'],
      ['retort compare experiments/dm/cifar10.yaml --published', "beside the paper's figures"],
    ],
    flags: {
      store,
      data,
      backend,
      numerics,
      'rerun-on': rerunOn,
      grid,
      metric: { value: 'NAME', description: "The figure to show (default: the experiment's)." },
      by: { value: 'AXIS', description: "The axis to compare along (default: the experiment's baseline)." },
      cost: { description: 'Each figure beside what it cost: full, marginal, and all that was spent by then.' },
      attempts: {
        description: 'The ledger of a run: every attempt, how it ended, what it took and what became of it.',
      },
      sort: { description: 'Best mean first.' },
      'all-cells': {
        description: 'Also cells that other runs of the experiment have and its grid has no more, marked as such.',
      },
      published: {
        optional: 'FILE',
        description: "The paper's figure beside ours where the setting is the paper's; what differs where it is not.",
      },
      format: { value: 'FORMAT', choices: TABLE_FORMAT_NAMES, description: 'table, md, csv or json.' },
    },
    load: () => import('./commands/compare.ts'),
  },
  {
    name: 'report',
    operands: 'FILE|RUN…',
    fewest: 1,
    summary: 'Table, curves, pictures and provenance as one self-contained HTML page.',
    examples: [
      ['retort report last -o report.html', ''],
      ['retort report grid.yaml --figures figures', 'its curves and pictures as PNG files'],
    ],
    flags: {
      store,
      data,
      backend,
      numerics,
      'rerun-on': rerunOn,
      output: { value: 'FILE', short: 'o', description: 'Where to write the page (default: standard output).' },
      figures: { value: 'DIR', description: 'Write the figures as PNG files as well, or alone without --output.' },
    },
    load: () => import('./commands/report.ts'),
  },
  {
    name: 'diff',
    operands: 'A B [key=value…]',
    fewest: 2,
    summary: 'What differs between two runs, slices or files.',
    details:
      'A and B: a run (or `last`), a file as it is now, or a slice of either, `RUN:axis=value[,axis=value]`. Configuration:\nonly what differs. Results: cell by cell, B - A, with intervals and exact tests.',
    examples: [
      ['retort diff 20261124 last', 'a run against the one last at work'],
      ['retort diff last:method=dc last:method=dsa', 'two slices of one grid'],
      ['retort diff last grid.yaml --exit-code', 'exit 6 when the file has moved on'],
    ],
    flags: {
      store,
      data,
      backend,
      numerics,
      'rerun-on': rerunOn,
      grid,
      metric: { value: 'NAME', description: "The figure to compare (default: the experiment's)." },
      format: { value: 'FORMAT', choices: TABLE_FORMAT_NAMES, description: 'table, md, csv or json.' },
      'exit-code': { description: 'Exit 6 when anything differs.' },
    },
    load: () => import('./commands/diff.ts'),
  },
  {
    name: 'ls',
    operands: '',
    fewest: 0,
    most: 0,
    summary: 'The runs of a store.',
    examples: [['retort ls', '']],
    flags: { store, json },
    load: () => import('./commands/ls.ts'),
  },
  {
    name: 'status',
    operands: '[RUN]',
    fewest: 0,
    most: 1,
    summary: 'How a run stands; the one last at work unless one is named.',
    examples: [
      ['retort status', 'the run last at work'],
      ['retort status my-grid', 'a part of its name is enough'],
    ],
    flags: { store, json },
    load: () => import('./commands/status.ts'),
  },
  {
    name: 'watch',
    operands: '[RUN]',
    fewest: 0,
    most: 1,
    summary: 'A run of another process as it goes; the one last at work unless one is named.',
    details: 'Ends with the run. Ctrl-C and `q` leave the run alone.',
    examples: [['retort watch last', '']],
    flags: { store },
    load: () => import('./commands/watch.ts'),
  },
  {
    name: 'show',
    operands: '[RUN|NODE]',
    fewest: 0,
    most: 1,
    summary: 'All about a run or a node: settings and their origins, files, attempts.',
    details:
      'RUN may be a part of a name that no other has, or `last`; NODE is as `plan` names it, `RUN/NODE`, or the beginning of a key.',
    examples: [
      ['retort show last', ''],
      ["retort show 'distil[method=dm,set=2]'", 'in the run last at work that has it'],
    ],
    flags: { store, json },
    load: () => import('./commands/show.ts'),
  },
  {
    name: 'logs',
    operands: 'NODE',
    fewest: 1,
    most: 1,
    summary: "The log of a node's newest attempt.",
    examples: [["retort logs 'distil[method=dm,set=2]' --follow", '']],
    flags: {
      store,
      follow: { short: 'f', description: 'Go on with what is written, until the node has ended.' },
      attempt: { value: 'N', count: true, description: 'Another attempt than the newest.' },
      json,
    },
    load: () => import('./commands/logs.ts'),
  },
  {
    name: 'export',
    operands: 'NODE|RUN',
    fewest: 1,
    most: 1,
    summary: 'Write a result as others read it, or the provenance of a run.',
    details:
      'safetensors: the exact float32 values, with load.py for PyTorch. imagefolder: train/<class>/<id>.png for torchvision and\nHugging Face. parquet: a Hugging Face table. png: pictures. onnx: a trained network. prov: a run as one W3C PROV-JSON file.',
    examples: [
      ["retort export 'distil[method=dm,set=1]' --to set1", 'safetensors and load.py'],
      ["retort export 'distil[method=dm,set=1]' --format parquet --to hub", ''],
      ['retort export last --format prov --to run.prov.json', 'what `retort reproduce` reads'],
    ],
    flags: {
      store,
      to: { value: 'DIR', description: 'Where the files go; of prov: the file (default: stdout).' },
      format: {
        value: 'NAME',
        choices: [...EXPORT_FORMATS, 'prov'],
        description: 'safetensors (default), png, imagefolder, parquet, onnx or prov.',
      },
      json,
    },
    load: () => import('./commands/export.ts'),
  },
  {
    name: 'reproduce',
    operands: 'FILE',
    fewest: 1,
    most: 1,
    summary: 'Run what a provenance file records in a fresh store, and compare every digest.',
    details:
      'Exits 0 where all artifacts are the same, 6 where some differ, 1 where nodes failed, 75 when interrupted.',
    examples: [['retort reproduce run.prov.json --data ~/data', '']],
    flags: {
      store: { value: 'DIR', description: 'A store with nothing in it (default: reproduced-<run>).' },
      data,
      reporter: { value: 'NAME', choices: REPORTERS, description: 'tui (on a terminal), plain, ndjson or silent.' },
      continue: { description: 'Go on with a reproduction that was interrupted.' },
      json,
    },
    load: () => import('./commands/reproduce.ts'),
  },
  {
    name: 'verify',
    operands: '',
    fewest: 0,
    most: 0,
    summary: 'Check every byte of a store; name what is damaged and what to do.',
    details:
      'Objects are read and hashed again, key records, checkpoints, plans, published files and the index are checked. Exits 3\nwhere something is damaged. Nothing is written without --repair.',
    examples: [
      ['retort verify', ''],
      ['retort verify --repair', 'damaged files go to the trash; a run makes them anew'],
    ],
    flags: { store, repair: { description: 'Put damaged files into the trash, so that nothing believes them.' }, json },
    load: () => import('./commands/verify.ts'),
  },
  {
    name: 'gc',
    operands: '[FILE…]',
    fewest: 0,
    summary: 'Show what nobody needs any more; move it to the trash with --yes.',
    details:
      'Kept are pinned runs, those whose experiment has tags, unfinished ones, whatever the experiments plan now (FILE…, else those\nthat ran here and those under this folder), what is at work, and what is younger than --grace. With --restore, FILE… are\nnodes, runs or batches.',
    examples: [
      ['retort gc', 'names, sizes, reasons; moves nothing'],
      ['retort gc --yes', 'into the trash'],
      ['retort gc --restore', 'back from the trash'],
      ['retort gc --empty-trash --yes', 'for good'],
    ],
    flags: {
      store,
      data,
      grace: { value: 'TIME', description: 'Keep what is younger (default: 24h).' },
      yes: { description: 'Do what is shown.' },
      restore: { description: 'Bring back what is in the trash: all of it, or what is named.' },
      'empty-trash': { description: 'Show what is in the trash; delete it with --yes.' },
      json,
    },
    load: () => import('./commands/gc.ts'),
  },
  {
    name: 'pin',
    operands: 'RUN…',
    fewest: 1,
    summary: 'Keep runs, with all that they need, from every gc.',
    details: 'Runs whose experiment has `tags` are kept without; `--remove` lets go of them too.',
    examples: [
      ['retort pin last', ''],
      ['retort pin 20261124-1315 --remove', ''],
    ],
    flags: { store, remove: { description: 'Let go of them again.' } },
    load: () => import('./commands/pin.ts'),
  },
  {
    name: 'cancel',
    operands: 'RUN|NODE',
    fewest: 1,
    most: 1,
    summary: 'Ask a run of another process, or one node of it, to stop with checkpoints.',
    examples: [
      ['retort cancel last', 'the whole run; its command exits with 75'],
      ["retort cancel 'last/distil[method=dm,set=1]'", 'one node; the rest goes on'],
      ['retort cancel last --end', 'an unfinished run that nobody drives is not to be continued'],
    ],
    flags: { store, end: { description: 'End an unfinished run that nobody drives, so that gc may take it.' } },
    load: () => import('./commands/cancel.ts'),
  },
  {
    name: 'unlock',
    operands: 'NODE|KEY|RUN',
    fewest: 1,
    most: 1,
    summary: 'Show who holds a node or a run, and free it if its owner is dead.',
    examples: [["retort unlock 'distil[method=dm,set=1]'", 'who, since when, alive or not']],
    flags: { store, force: { description: 'Take the lease away even from a process that lives.' }, json },
    load: () => import('./commands/unlock.ts'),
  },
  {
    name: 'reindex',
    operands: '',
    fewest: 0,
    most: 0,
    summary: "Build the store's index anew from its files.",
    examples: [['retort reindex', '']],
    flags: { store },
    load: () => import('./commands/reindex.ts'),
  },
  {
    name: 'init',
    operands: 'NAME',
    fewest: 1,
    most: 1,
    summary: 'Write a commented experiment that runs, with a schema for the editor.',
    examples: [['retort init grid', 'writes grid.yaml']],
    flags: {},
    load: () => import('./commands/init.ts'),
  },
  {
    name: 'stages',
    operands: '[KIND]',
    fewest: 0,
    most: 1,
    summary: 'Stage kinds, or the parameters of one.',
    examples: [
      ['retort stages', ''],
      ['retort stages match', ''],
    ],
    flags: { json },
    load: () => import('./commands/stages.ts'),
  },
  {
    name: 'data',
    operands: '[SET]',
    fewest: 0,
    most: 1,
    summary: 'Data sets: what each needs, where users get it, and where it is found.',
    examples: [
      ['retort data --data ~/data', ''],
      ['retort data cifar100', 'its classes, constants, archives and the digests of its files'],
    ],
    flags: { data, json },
    load: () => import('./commands/data.ts'),
  },
  {
    name: 'schema',
    operands: '',
    fewest: 0,
    most: 0,
    summary: 'The JSON Schema of experiments, for editors.',
    examples: [['retort schema > experiment.schema.json', '']],
    flags: {},
    load: () => import('./commands/schema.ts'),
  },
  {
    name: 'doctor',
    operands: '',
    fewest: 0,
    most: 0,
    summary: 'What this machine can do, and why not.',
    examples: [['retort doctor', '']],
    flags: { data, json },
    load: () => import('./commands/doctor.ts'),
  },
  {
    name: 'setup',
    operands: 'tensorflow|cuda',
    fewest: 1,
    most: 1,
    summary: 'Install a faster backend: TensorFlow from PyPI, or CUDA for onnxruntime.',
    details:
      '`tensorflow` needs Python with pip, npm and a C++ toolchain; what it builds is kept outside node_modules, so `npm ci`\nleaves it. `cuda` fetches what onnxruntime-node leaves out of its npm package, again after every `npm ci`. On a terminal\nboth ask at the end whether to write the backend into retort.config.yaml.',
    examples: [
      ['retort setup tensorflow', ''],
      ['retort setup tensorflow --yes', 'and make it the default of this project'],
      ['retort setup cuda', 'for `--backend onnxruntime:cuda`'],
    ],
    flags: {
      yes: { description: 'Write it into retort.config.yaml without asking.' },
      force: { description: '`cuda`: also where no NVIDIA GPU is seen.' },
    },
    load: () => import('./commands/setup.ts'),
  },
  {
    name: 'completion',
    operands: 'bash|zsh|fish',
    fewest: 0,
    most: 1,
    summary: 'A script that completes commands, flags, files, runs and nodes in a shell.',
    examples: [
      ['source <(retort completion bash)', 'in ~/.bashrc'],
      ['retort completion fish | source', 'in ~/.config/fish/config.fish'],
    ],
    flags: {
      store,
      list: { value: 'WHAT', choices: ['runs', 'nodes', 'stages'], description: 'What the script asks for.' },
    },
    load: () => import('./commands/completion.ts'),
  },
];
