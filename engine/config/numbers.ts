/**
 * Plain scalars whose value is not what they look like. YAML readers change them silently; an experiment of a week must not
 * start from such a number.
 */

export interface Refusal {
  readonly code: string;
  readonly message: string;
  readonly help: string;
}

/** `value` is what the YAML reader made of the token `text`. */
export function refuseNumber(text: string, value: unknown): Refusal | undefined {
  if (typeof value !== 'number') return undefined;
  if (!Number.isFinite(value)) {
    const help = /^[-+]?\.(inf|nan)$/i.test(text)
      ? 'Leave the key out, or write a number.'
      : 'The largest double is about 1.8e308.';
    return { code: 'NOT_FINITE', message: `Expected a finite number, got \`${text}\`.`, help };
  }
  if (/^0o/.test(text))
    return { code: 'OCTAL', message: `\`${text}\` is octal and means ${value}.`, help: `Write ${value}.` };
  if (/^[-+]?0[0-9]/.test(text) && !/[.eE]/.test(text))
    return {
      code: 'LEADING_ZERO',
      message: `\`${text}\` is ${value} here, but ${octalReading(text)} to readers of YAML 1.1.`,
      help: `Write ${value}.`,
    };
  if (/^[-+]?\d+$|^0x[0-9a-f]+$/i.test(text) && !Number.isSafeInteger(value)) {
    const became = BigInt(value);
    const lost = BigInt(text.replace('+', '')) === became ? '' : `: it would silently become ${became}`;
    return {
      code: 'INTEGER_TOO_LARGE',
      message: `\`${text}\` is beyond 2^53-1 = ${Number.MAX_SAFE_INTEGER}, where whole numbers lose digits${lost}.`,
      help: 'Use a smaller number.',
    };
  }
  return undefined;
}

function octalReading(text: string): string {
  return /^[-+]?[0-7]+$/.test(text) ? `${Number.parseInt(text, 8)}` : 'text';
}

/** What to do about text that looks like a number, boolean or nothing; undefined when it does not. */
export function lookalike(text: string, wanted: readonly string[], quoted: boolean): string | undefined {
  if (wanted.includes('number') || wanted.includes('integer')) {
    const digits = text.replaceAll(/[_ ,']/g, '');
    const isNumber = digits !== '' && /\d/.test(digits) && Number.isFinite(Number(digits));
    if (isNumber && quoted && digits === text) return `Leave out the quotes: ${text}.`;
    // `1,000` is a number to somebody; `1,2` is two.
    if (isNumber && !quoted && /^[^,]+(,[^,]+)+$/.test(text) && !/^[-+]?\d{1,3}(,\d{3})+(\.\d+)?$/.test(text))
      return `A list is [${text.replaceAll(/, ?/g, ', ')}]; on the command line \`--grid\` makes several values an axis.`;
    if (isNumber && digits !== text) return `Write ${digits}: YAML numbers have no separators.`;
  }
  if (wanted.includes('boolean')) {
    const value = /^(yes|on|y|true)$/i.test(text) ? 'true' : /^(no|off|n|false)$/i.test(text) ? 'false' : undefined;
    if (value !== undefined) return quoted && text === value ? `Leave out the quotes: ${value}.` : `Write ${value}.`;
  }
  return undefined;
}
