/** Which of two figures is the better one, by the name that stages give them. */
export function isLowerBetter(metric: string): boolean {
  return /loss|error|perplexity|divergence|distance|(^|[^a-z])fid($|[^a-z])/i.test(metric);
}

export function isBetter(metric: string, a: number, b: number): boolean {
  return isLowerBetter(metric) ? a < b : a > b;
}
