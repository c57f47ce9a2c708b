/**
 * A page in a real browser, Chromium without a window, spoken to over its DevTools pipe: what it complains of, what a
 * script in the page finds, and how it looks.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';

const NAMES = ['chromium', 'chromium-browser', 'chromium-headless-shell', 'google-chrome'];

/** `RETORT_BROWSER`, or the first there is; undefined where there is none. */
export function findBrowser(): string | undefined {
  const names = [process.env.RETORT_BROWSER, ...NAMES].flatMap((name) => name ?? []);
  return names.find((name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0);
}

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--remote-debugging-pipe'];

type Answer = Readonly<Record<string, unknown>>;
type Message = { id?: number; method?: string; params?: Answer; result?: Answer; error?: unknown };

export class Browser {
  /** Errors and warnings of the console, of scripts and of loading. */
  readonly complaints: string[] = [];
  readonly #child: ChildProcess;
  readonly #profile = mkdtempSync(join(tmpdir(), 'retort-browser-'));
  readonly #waiting = new Map<number, (message: Message) => void>();
  #loaded: (() => void) | undefined;
  #next = 1;
  #session: string | undefined;

  constructor(program: string) {
    this.#child = spawn(
      program,
      // In containers /dev/shm may be small, and the home folder nobody's.
      [...FLAGS, `--user-data-dir=${this.#profile}`],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], env: { ...process.env, HOME: this.#profile } },
    );
    const gone = () => {
      for (const answer of this.#waiting.values()) answer({ error: 'the browser has ended' });
    };
    this.#child.on('exit', gone).on('error', gone);
    this.#child.stdio[3]?.on('error', gone);
    let rest = '';
    (this.#child.stdio[4] as Readable).setEncoding('utf8').on('data', (text: string) => {
      const messages = (rest + text).split('\0');
      rest = messages.pop() ?? '';
      for (const message of messages) this.#hear(JSON.parse(message) as Message);
    });
  }

  #hear({ id, method, params, ...message }: Message): void {
    if (id !== undefined) {
      this.#waiting.get(id)?.(message);
      this.#waiting.delete(id);
    }
    if (method === 'Page.loadEventFired') this.#loaded?.();
    if (method === 'Log.entryAdded' || method === 'Runtime.exceptionThrown')
      this.complaints.push(JSON.stringify(params));
    if (method === 'Runtime.consoleAPICalled') this.complaints.push(JSON.stringify(params));
  }

  #send(method: string, params: object = {}): Promise<Answer> {
    const id = this.#next++;
    const session = this.#session === undefined ? {} : { sessionId: this.#session };
    (this.#child.stdio[3] as Writable).write(`${JSON.stringify({ id, method, params, ...session })}\0`);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, ({ result, error }) =>
        error ? reject(new Error(`${method}: ${JSON.stringify(error)}`)) : resolve(result ?? {}),
      );
    });
  }

  async open(file: string, colours: 'light' | 'dark'): Promise<void> {
    if (this.#session === undefined) {
      const { targetId } = await this.#send('Target.createTarget', { url: 'about:blank' });
      this.#session = (await this.#send('Target.attachToTarget', { targetId, flatten: true })).sessionId as string;
      for (const domain of ['Page', 'Runtime', 'Log']) await this.#send(`${domain}.enable`);
    }
    await this.#send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: colours }] });
    const loaded = new Promise<void>((resolve) => {
      this.#loaded = resolve;
    });
    await this.#send('Page.navigate', { url: pathToFileURL(file).href });
    await loaded;
  }

  /** The value of an expression in the page. */
  async evaluate<Value>(expression: string): Promise<Value> {
    const { result, exceptionDetails } = await this.#send('Runtime.evaluate', { expression, returnByValue: true });
    if (exceptionDetails) throw new Error(JSON.stringify(exceptionDetails));
    return (result as { value: Value }).value;
  }

  /** PNG of the whole page. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.#send('Page.captureScreenshot', { captureBeyondViewport: true });
    return Buffer.from(data as string, 'base64');
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      await this.#send('Browser.close').catch(() => this.#child.kill());
      await ended;
    }
    // Its helpers may still be writing.
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 20 });
  }
}
