/** Which reporter a run gets, and where it writes: events for programs on stdout, everything for people on stderr. */
import { dirname } from 'node:path';
import type { Reporter } from '../events.ts';
import { ndjsonReporter } from '../report/ndjson.ts';
import { plainReporter } from '../report/plain.ts';
import { silentReporter } from '../report/silent.ts';
import type { Controls } from '../report/tui/reporter.ts';
import { askToCancel } from '../store/cancel-files.ts';
import { openStore } from '../store/store.ts';
import type { REPORTERS } from './commands.ts';
import { print, tell, wantsColour } from './output.ts';

export type ReporterName = (typeof REPORTERS)[number];

/** The live view wants a terminal, and nobody watches one in CI. */
export function reporterName(asked: string | undefined): ReporterName {
  if (asked !== undefined && asked !== 'tui') return asked as ReporterName;
  const { CI, TERM } = process.env;
  if (process.stderr.isTTY && TERM !== 'dumb' && (asked === 'tui' || !CI)) return 'tui';
  if (asked === 'tui') tell('The live view needs a terminal on stderr; writing plain lines instead.\n');
  return 'plain';
}

/** `interrupt`: what Ctrl-C does, where keys come from a terminal that hands them over. */
export async function openReporter(name: ReporterName, interrupt: () => void): Promise<Reporter> {
  switch (name) {
    case 'ndjson':
      return ndjsonReporter({ write: print });
    case 'silent':
      return silentReporter();
    case 'plain':
      return plainReporter({ write: tell });
    case 'tui':
      return liveView(keyboard({ interrupt }));
  }
}

export async function liveView(controls: Controls | undefined, atOnce = false): Promise<Reporter> {
  const [{ tuiReporter }, marks] = await Promise.all([
    import('../report/tui/reporter.ts'),
    import('../report/tui/marks.ts'),
  ]);
  return tuiReporter({
    stdout: process.stderr,
    lasting: { write: tell },
    colour: wantsColour(process.stderr),
    marks: showsUnicode() ? marks.UNICODE : marks.ASCII,
    atOnce,
    ...(controls && { controls }),
  });
}

/** With raw input the terminal hands Ctrl-C and Ctrl-Z over as keys; they mean what they always do. */
export function keyboard(more: Pick<Controls, 'interrupt' | 'left'>): Controls | undefined {
  const { stdin } = process;
  if (!stdin.isTTY) return undefined;
  // A terminal that is closed cannot be read either; SIGHUP says what that means.
  stdin.on('error', () => {});
  return {
    stdin,
    cancel: cancelIn,
    suspend() {
      stdin.setRawMode(false);
      process.once('SIGCONT', () => stdin.setRawMode(true));
      // To the whole group, as the terminal would send it: `npx` and the attempts, too.
      process.kill(0, 'SIGTSTP');
    },
    ...more,
  };
}

/** The driver looks for it twice a second, be it this process or another. */
function cancelIn(folder: string, node: string | undefined): void {
  const store = openStore(dirname(dirname(folder)));
  if (store.ok) askToCancel({ folder, store: store.value }, node === undefined ? {} : { node });
}

function showsUnicode(): boolean {
  const { LC_ALL, LC_CTYPE, LANG, TERM, WT_SESSION } = process.env;
  if (process.platform === 'win32') return WT_SESSION !== undefined;
  return TERM !== 'linux' && /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
}
