/**
 * The one place where a person is asked. Only on a terminal, and never under `--no-input`: there the answer is no, and the
 * command says how to get what was not asked for.
 */
let asksNothing = false;

/** From now on. */
export function askNothing(): void {
  asksNothing = true;
}

export async function confirmed(question: string): Promise<boolean> {
  if (asksNothing || !process.stdin.isTTY || !process.stderr.isTTY) return false;
  const { createInterface } = await import('node:readline/promises');
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await asking.question(`${question} [y/N] `)).trim());
  } finally {
    asking.close();
  }
}
