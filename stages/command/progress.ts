/** What a line of a program's output says of its progress, if anything. */
export interface Progress {
  readonly step?: number;
  readonly steps?: number;
  readonly figures: Readonly<Record<string, number>>;
}

/** `retort: step 3/10 loss=0.5`, or a JSON object with a number `step`; undefined for any other line. */
export function progressIn(line: string): Progress | undefined {
  const text = line.trim();
  if (text.startsWith('{')) return fromJson(text);
  const [, step, steps, rest = ''] = /^retort:\s*(?:step\s+(\d+)(?:\s*\/\s*(\d+))?)?(.*)$/.exec(text) ?? [];
  if (!text.startsWith('retort:')) return undefined;
  const figures: Record<string, number> = {};
  for (const [, name = '', value = ''] of rest.matchAll(/([A-Za-z_][\w.]*)=(\S+)/g))
    if (Number.isFinite(Number(value))) figures[name] = Number(value);
  return {
    ...(step !== undefined && { step: Number(step) }),
    ...(steps !== undefined && { steps: Number(steps) }),
    figures,
  };
}

function fromJson(text: string): Progress | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { step, steps, ...rest } = value as Record<string, unknown>;
  if (typeof step !== 'number') return undefined;
  const figures = Object.fromEntries(
    Object.entries(rest).filter((entry): entry is [string, number] => Number.isFinite(entry[1])),
  );
  return { step, ...(typeof steps === 'number' && { steps }), figures };
}
