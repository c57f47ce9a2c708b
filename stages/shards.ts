/** Parts of a stage's work: runs of equal length, and the names of the files that hold them. */
export type Range = readonly [from: number, to: number];

/** `[0, 10]`, `[10, 20]` … up to `total`; the last may be shorter, ends are outside. */
export function rangesOf(total: number, length: number): Range[] {
  return Array.from({ length: Math.ceil(total / length) }, (_, part): Range => {
    return [part * length, Math.min(total, (part + 1) * length)];
  });
}

/**
 * `synthetic.safetensors` of classes 10 to 19 → `synthetic-00010-00019.safetensors`. It holds what is covered and not how
 * many parts there are, and names sort as the parts do.
 */
export function rangeName(file: string, [from, to]: Range): string {
  const dot = file.lastIndexOf('.');
  const [name, ending] = dot < 0 ? [file, ''] : [file.slice(0, dot), file.slice(dot)];
  return `${name}-${padded(from)}-${padded(to - 1)}${ending}`;
}

/** The file itself, or its parts in their order. */
export function partsOf(file: string, files: readonly string[]): string[] {
  if (files.includes(file)) return [file];
  const dot = file.lastIndexOf('.');
  const [name, ending] = [file.slice(0, dot), file.slice(dot)];
  return files
    .filter((other) => other.startsWith(`${name}-`) && other.endsWith(ending))
    .filter((other) => /^-\d{5,}-\d{5,}$/.test(other.slice(name.length, other.length - ending.length)))
    .sort((a, b) => firstOf(a, name) - firstOf(b, name));
}

function firstOf(part: string, name: string): number {
  return Number.parseInt(part.slice(name.length + 1), 10);
}

function padded(index: number): string {
  return String(index).padStart(5, '0');
}
