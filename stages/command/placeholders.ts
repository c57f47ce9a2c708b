/** Placeholders in a program's arguments: `{out}`, `{params}`, `{seed}`, `{data}`, `{in.<role>}`. Other braces are its own. */
import type { RuleProblem } from '../stage.ts';

const KNOWN = ['out', 'params', 'seed', 'data'];
const PLACEHOLDER = /\{(\{?)(out|params|seed|data|in\.[A-Za-z]\w*)\}(\}?)/g;

/** `{{out}}` is written for the word itself in braces. */
export function filled(word: string, values: Readonly<Record<string, string>>): string {
  return word.replace(PLACEHOLDER, (found, open: string, name: string, close: string) =>
    open && close ? `{${name}}` : `${open}${values[name] ?? found}${close}`,
  );
}

/** Words that were surely meant as placeholders and are none. */
export function placeholderProblems(
  words: readonly unknown[],
  roles: readonly string[],
  wired?: readonly string[],
): RuleProblem[] {
  return words.flatMap((word, index): RuleProblem[] => {
    const path = ['run', index];
    if (typeof word !== 'string') return [];
    const lone = /^\{([A-Za-z][\w.]*)\}$/.exec(word)?.[1];
    const known = [...KNOWN, ...roles.map((role) => `in.${role}`)];
    if (lone !== undefined && !known.includes(lone))
      return [
        {
          path,
          message: `There is no placeholder \`{${lone}}\`; there are ${known.map((name) => `\`{${name}}\``).join(', ')}.`,
        },
      ];
    const unwired = [...word.matchAll(PLACEHOLDER)].flatMap(([, , name = '']) => {
      const role = name.startsWith('in.') ? name.slice(3) : undefined;
      return role !== undefined && wired && !wired.includes(role) ? [role] : [];
    });
    return unwired.map((role) => ({
      path,
      message: `\`{in.${role}}\` needs the input \`${role}\`, which is not wired to a stage.`,
    }));
  });
}
