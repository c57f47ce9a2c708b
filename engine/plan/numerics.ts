/**
 * What of the numerics stands in keys. `strict`, the default: all that can move a bit, so that equal keys mean equal bytes.
 * `backend`: the engine and its versions; the processor's class, the model of a graphics device and the number of threads
 * are left out, so that machines share results whose last bits may differ.
 */
export type Numerics = Readonly<Record<string, string | number>>;

export const NUMERICS_MODES = ['strict', 'backend'] as const;
export type NumericsMode = (typeof NUMERICS_MODES)[number];

const OF_THE_MACHINE: readonly string[] = ['processor', 'device', 'threads'];

export function keptNumerics(numerics: Numerics, mode: NumericsMode = 'strict'): Numerics {
  if (mode === 'strict') return numerics;
  return Object.fromEntries(Object.entries(numerics).filter(([part]) => !OF_THE_MACHINE.includes(part)));
}

/** Of those in a key. No strict key is without its threads. */
export function modeOf(numerics: Numerics): NumericsMode {
  return 'threads' in numerics ? 'strict' : 'backend';
}
