/** The valid name that somebody most likely meant, by optimal string alignment distance. */

/** Undefined when nothing is near: a wild guess is worse than none. */
export function nearest(name: string, candidates: Iterable<string>): string | undefined {
  return nearestOnes(name, candidates, 1)[0];
}

/** At most so many, the nearest first; of equally near ones, in their own order. */
export function nearestOnes(name: string, candidates: Iterable<string>, most: number): string[] {
  const wanted = folded(name);
  const near: { candidate: string; distance: number }[] = [];
  for (const candidate of candidates) {
    const known = folded(candidate);
    // One slip in three letters may still be the same word; in longer words two or three.
    const allowed = Math.max(1, Math.floor(Math.max(wanted.length, candidate.length) / 3));
    const begins = wanted.length >= 3 && known.startsWith(wanted);
    // Lengths alone rule most names out.
    if (!begins && Math.abs(known.length - wanted.length) > allowed) continue;
    const distance = alignmentDistance(wanted, known);
    const score = begins ? Math.min(distance, 0.5) : distance;
    // Something of the name must be left: `a` is not a slip for `b`, nor 2 for 1.
    const related = score < Math.min(wanted.length, known.length) || distance === 0;
    if (related && score <= allowed) near.push({ candidate, distance: score });
  }
  return near
    .sort((a, b) => a.distance - b.distance)
    .slice(0, most)
    .map(({ candidate }) => candidate);
}

/** `learning_rate`, `learning-rate` and `learningRate` are the same slip. */
function folded(name: string): string {
  return name.toLowerCase().replace(/[-_\s.]/g, '');
}

/** Insertions, deletions, substitutions and swaps of neighbours. */
function alignmentDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + change);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (beforeLast[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}

/** `Did you mean …?`, or the list of what there is when that is short, or nothing. */
export function suggestion(name: string, candidates: readonly string[], what = 'Known'): string | undefined {
  const near = nearest(name, candidates);
  if (near !== undefined) return `Did you mean \`${near}\`?`;
  if (candidates.length === 0 || candidates.length > 24) return undefined;
  return `${what}: ${candidates.map((candidate) => `\`${candidate}\``).join(', ')}.`;
}
