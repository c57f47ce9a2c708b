/**
 * Models of noisy labels as transition matrices P[clean, noisy] of rate r over K classes (forms of the CIFAR-N repository,
 * Wei et al., ICLR 2022). Draws are the stage's; clean labels stay for measurement only.
 */

/** Row by row. */
export type Transition = readonly (readonly number[])[];

function matrix(classes: number, entry: (clean: number, noisy: number) => number): Transition {
  return Array.from({ length: classes }, (_, clean) =>
    Array.from({ length: classes }, (_, noisy) => entry(clean, noisy)),
  );
}

/** P_ii = 1 - r, all others r/(K - 1); `inclusive`: with probability r uniform over all K, the clean one among them. */
export function symmetricNoise(classes: number, rate: number, { inclusive = false } = {}): Transition {
  if (inclusive) return matrix(classes, (i, j) => (i === j ? 1 - rate : 0) + rate / classes);
  return matrix(classes, (i, j) => (i === j ? 1 - rate : rate / (classes - 1)));
}

/** i → i + 1 mod K with probability r. */
export function pairNoise(classes: number, rate: number): Transition {
  return mappedNoise(classes, rate, (i) => (i + 1) % classes);
}

/** Each class that `target` maps elsewhere goes there with probability r. */
export function mappedNoise(classes: number, rate: number, target: (label: number) => number): Transition {
  return matrix(classes, (i, j) => {
    if (target(i) === i) return i === j ? 1 : 0;
    return (i === j ? 1 - rate : 0) + (j === target(i) ? rate : 0);
  });
}

/** Truck → automobile, bird → airplane, deer → horse, cat ↔ dog. */
const CIFAR10_CONFUSIONS: Readonly<Record<number, number>> = { 9: 1, 2: 0, 4: 7, 3: 5, 5: 3 };

export function asymmetricCifar10(rate: number): Transition {
  return mappedNoise(10, rate, (label) => CIFAR10_CONFUSIONS[label] ?? label);
}

/** Within each superclass to the next fine class, in a circle by ascending number. */
export function asymmetricWithin(superclasses: readonly (readonly number[])[], rate: number): Transition {
  const next = new Map<number, number>();
  for (const members of superclasses) {
    const order = [...members].sort((a, b) => a - b);
    for (const [place, label] of order.entries()) next.set(label, order[(place + 1) % order.length] as number);
  }
  return mappedNoise(next.size, rate, (label) => next.get(label) ?? label);
}

/** Share of wrong labels where classes are equally many. */
export function overallRate(transition: Transition): number {
  return transition.reduce((total, row, label) => total + 1 - (row[label] ?? 0), 0) / transition.length;
}

/** How often each clean label became each noisy one. */
export function jointCounts(clean: ArrayLike<number>, noisy: ArrayLike<number>, classes: number): number[][] {
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0));
  for (let index = 0; index < clean.length; index++) {
    const row = counts[clean[index] as number];
    const label = noisy[index] as number;
    if (row?.[label] === undefined)
      throw new Error(`Expected labels below ${classes}, got ${clean[index]} and ${label}`);
    row[label]++;
  }
  return counts;
}

/** Rows of counts made to sum to 1; a class that does not occur keeps its labels. */
export function estimatedTransition(counts: readonly (readonly number[])[]): Transition {
  return counts.map((row, label) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, noisy) => (total > 0 ? count / total : Number(label === noisy)));
  });
}
