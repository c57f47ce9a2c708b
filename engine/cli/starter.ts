/** The text that `retort init` writes. Small enough for a minute on two cores; a test runs it. */
export interface StarterFacts {
  readonly title: string;
  readonly file: string;
  /** Path of the schema, as seen from the file. */
  readonly schema: string;
  readonly stages: readonly string[];
}

export function starter({ title, file, schema, stages }: StarterFacts): string {
  return `# yaml-language-server: $schema=${schema}
#
# ${title}
#
#   retort validate ${file}    every mistake, with its place
#   retort plan ${file}        what would run, and why
#   retort run ${file}         run what is missing; Ctrl-C stops it, the same command continues
#   retort compare ${file}     the table again, in other forms too
version: 1
name: ${plain(title)}

# The bundled subset of Fashion-MNIST needs no download; \`retort data\` lists what else can be read.
data: { set: fashion-mnist }

# Under which networks sets are distilled, and which are trained on them. 128 filters are usual; 12 are quick.
network: { kind: convnet, width: 12 }

# One cell for each combination of these axes, which have names of your own. A list gives plain values; a map gives named
# variants, each a piece of a stage. \`$axis\` in a stage takes the cell's value: for a grid of learning rates, write
# \`learningRate: [0.1, 1]\` here and \`learningRate: $learningRate\` in \`dm\`. \`exclude\`, \`include\` and \`zip\` shape the grid, as
# in GitHub Actions.
matrix:
  imagesPerClass: [1, 5]
  method:
    # Real images: what every method must beat.
    random: { stage: select, method: random, imagesPerClass: $imagesPerClass }
    # Distribution matching, which begins at the images of the stage \`start\`.
    dm: { stage: match, method: dm, start: start, iterations: 60, batchReal: 32 }

# Two kinds of repetition: synthetic sets are independent evidence, networks trained on one set are not.
replicates: { sets: 2, evaluations: 1 }

# The steps of a cell, by names of your own. \`use\` takes in a variant. An input (\`start\`, \`images\`) names the stage that it
# comes from; equal stages of several cells run once. \`retort stages KIND\` explains a kind:
${wrapped(stages, '#   ', WIDTH)}
stages:
  start: { stage: select, method: random, imagesPerClass: $imagesPerClass }
  distil: { use: $method }
  # An editor completes on a new line of such a block (or after a letter inside braces).
  score:
    stage: evaluate
    images: distil
    epochs: 60

# What tables compare with, and by which figure.
compare: { baseline: { method: random }, metric: accuracy }
`;
}

const WIDTH = 120;

function wrapped(words: readonly string[], indent: string, width: number): string {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last === undefined || `${last}, ${word}`.length > width) lines.push(indent + word);
    else lines[lines.length - 1] = `${last}, ${word}`;
  }
  return lines.join(',\n');
}

/** As YAML reads it back as text. */
function plain(text: string): string {
  return /^[A-Za-z][\w ]*$/.test(text) && !/^(true|false|null)$/i.test(text) ? text : JSON.stringify(text);
}
