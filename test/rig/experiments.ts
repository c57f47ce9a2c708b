/** Experiments small enough for a test: the quickstart's shape at a size that ends in seconds. */
export function tinyExperiment(options: { iterations?: number; epochs?: number; sets?: number } = {}): string {
  const { iterations = 3, epochs = 1, sets = 2 } = options;
  return `version: 1
name: tiny
data: { set: fashion-mnist }
network: { kind: convnet, width: 4 }
matrix:
  method:
    random: { stage: select, method: random, imagesPerClass: 2 }
    dm: { stage: match, method: dm, start: start, iterations: ${iterations}, batchReal: 8 }
replicates: { sets: ${sets}, evaluations: 1 }
stages:
  start: { stage: select, method: random, imagesPerClass: 2 }
  distil: { use: $method }
  score: { stage: evaluate, images: distil, epochs: ${epochs} }
compare: { baseline: { method: random } }
`;
}
