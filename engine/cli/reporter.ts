/** Which reporter a run gets, and where it writes: events for programs on stdout, everything for people on stderr. */
import type { Reporter } from '../events.ts';
import { ndjsonReporter } from '../report/ndjson.ts';
import { plainReporter } from '../report/plain.ts';
import { silentReporter } from '../report/silent.ts';
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

export async function openReporter(name: ReporterName): Promise<Reporter> {
  switch (name) {
    case 'ndjson':
      return ndjsonReporter({ write: print });
    case 'silent':
      return silentReporter();
    case 'plain':
      return plainReporter({ write: tell });
    case 'tui': {
      const [{ tuiReporter }, marks] = await Promise.all([
        import('../report/tui/reporter.ts'),
        import('../report/tui/marks.ts'),
      ]);
      return tuiReporter({
        stdout: process.stderr,
        lasting: { write: tell },
        colour: wantsColour(process.stderr),
        marks: showsUnicode() ? marks.UNICODE : marks.ASCII,
      });
    }
  }
}

function showsUnicode(): boolean {
  const { LC_ALL, LC_CTYPE, LANG, TERM, WT_SESSION } = process.env;
  if (process.platform === 'win32') return WT_SESSION !== undefined;
  return TERM !== 'linux' && /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || '');
}
