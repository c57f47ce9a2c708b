/** A real terminal through tmux: a command in a window of a given size, its screen as text. */
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { onTestFinished } from 'vitest';

export function tmuxIsInstalled(): boolean {
  try {
    execFileSync('tmux', ['-V'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export class Terminal {
  /** A server of its own, so that a test never meets a user's windows; in UTF-8, whatever the language here. */
  readonly #server = `retort-${randomUUID().slice(0, 8)}`;

  constructor(command: string, options: { folder: string; columns: number; rows: number }) {
    const size = ['-x', String(options.columns), '-y', String(options.rows)];
    this.#tmux('-f', '/dev/null', 'new-session', '-d', '-s', 'main', ...size, '-c', options.folder, 'sh');
    this.#tmux('set-option', '-g', 'remain-on-exit', 'on');
    onTestFinished(() => {
      try {
        this.#tmux('kill-server');
      } catch {
        // It has ended with its last window.
      }
    });
    this.type(`${command}\n`);
  }

  #tmux(...args: string[]): string {
    return execFileSync('tmux', ['-u', '-L', this.#server, ...args], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, LC_ALL: 'C.UTF-8' },
    });
  }

  type(text: string): void {
    this.#tmux('send-keys', '-t', 'main', '-l', text);
  }

  /** A key by tmux's name, e.g. `C-c`. */
  press(key: string): void {
    this.#tmux('send-keys', '-t', 'main', key);
  }

  /** As closing its window: whatever runs in it is hung up on. */
  close(): void {
    this.#tmux('kill-server');
  }

  resize(columns: number, rows: number): void {
    this.#tmux('resize-window', '-t', 'main', '-x', String(columns), '-y', String(rows));
  }

  /** What stands on the screen now, with what has scrolled off above it. */
  screen(): string {
    return this.#tmux('capture-pane', '-p', '-J', '-S', '-2000', '-t', 'main');
  }

  /** Polls the screen, since a terminal has no event for "this is drawn". */
  async until(pattern: RegExp, timeoutMs = 500_000): Promise<string> {
    const end = Date.now() + timeoutMs;
    for (;;) {
      const screen = this.screen();
      if (pattern.test(screen)) return screen;
      if (Date.now() > end) throw new Error(`The terminal never showed ${pattern}:\n${screen}`);
      await new Promise((resume) => setTimeout(resume, 50));
    }
  }
}
