/** The live view in a real terminal: it shows the nodes while they run, leaves the table behind, and gives the terminal back. */
import { readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { Hold } from '../rig/hold.ts';
import { BINARY, Project } from '../rig/retort.ts';
import { Terminal, tmuxIsInstalled } from '../rig/terminal.ts';

const inTerminal = it.skipIf(!tmuxIsInstalled());

const view = (command: string, environment: Readonly<Record<string, string>> = {}) => {
  const given = Object.entries(environment).map(([name, value]) => `${name}=${value} `);
  return `env -u CI -u NO_COLOR TERM=xterm-256color ${given.join('')}${process.execPath} ${BINARY} ${command}; echo "exit $?"`;
};

function start(project: Project, columns: number, rows: number, environment = {}): Terminal {
  return new Terminal(view('run tiny.yaml', environment), { folder: project.folder, columns, rows });
}

inTerminal('shows running nodes with progress, then the table (tmux)', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ iterations: 30, sets: 1 }) });
  // In the middle of matching: the other nodes together have fewer steps.
  const hold = new Hold('step-done:12');
  const terminal = start(project, 100, 30, hold.environment);
  await hold.reached();
  const live = await terminal.until(/distil\[.*(it|step|\/s|%)/);
  hold.release();
  expect(live).toMatch(/dm/);
  const end = await terminal.until(/exit 0/);
  expect(end).toMatch(/random/);
  expect(end).toMatch(/95 %/);
});

inTerminal('first Ctrl-C writes checkpoints and exits 75, the same command continues (tmux)', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ iterations: 100_000, epochs: 1 }) });
  const terminal = start(project, 80, 24);
  await terminal.until(/distil\[.*(it|step|\/s|%)/);
  terminal.resize(60, 20);
  terminal.press('C-c');
  const stopped = await terminal.until(/exit 75/);
  expect(stopped).toMatch(/same command|run .*again|continue/i);
});

inTerminal(
  'watch shows the run of another process; its keys filter, open a log, and cancel that run (tmux)',
  async () => {
    const project = new Project().write({ 'tiny.yaml': tinyExperiment({ iterations: 100_000, sets: 1 }) });
    const running = project.start(['run', 'tiny.yaml', '--reporter', 'ndjson']);
    await running.event(({ type, node }) => type === 'node-progress' && node?.startsWith('distil') === true);
    const terminal = new Terminal(view('watch last'), { folder: project.folder, columns: 90, rows: 24 });
    await terminal.until(/▶ distil.*%.*\n(.*\n)*.*\/ filter/);
    terminal.type('/distil');
    await terminal.until(/filter: distil_/);
    terminal.press('Enter');
    terminal.press('Down');
    await terminal.until(/❯ distil/);
    terminal.type('l');
    await terminal.until(/log of distil/);
    terminal.press('Escape');
    await terminal.until(/filter: distil {3}Esc all/);
    terminal.resize(40, 12);
    terminal.type('C');
    await terminal.until(/Cancel the whole run\? y \/ n/);
    terminal.type('n');
    await terminal.until(/Nothing is cancelled/);
    terminal.type('C');
    await terminal.until(/Cancel the whole run\? y \/ n/);
    terminal.type('y');
    await terminal.until(/exit 75/);
    expect(await running.finished).toMatchObject({ code: 75 });
  },
);

inTerminal('Ctrl-C in watch leaves the run alone; q does, too (tmux)', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ iterations: 100_000, sets: 1 }) });
  const running = project.start(['run', 'tiny.yaml', '--reporter', 'ndjson']);
  await running.event(({ type }) => type === 'node-progress');
  const terminal = new Terminal(view('watch'), { folder: project.folder, columns: 80, rows: 20 });
  await terminal.until(/q leave/);
  terminal.press('C-c');
  expect(await terminal.until(/exit 130/)).toContain('goes on');
  terminal.type(`${view('watch')}; stty -a | grep -o ' -*icanon'\n`);
  await terminal.until(/exit 130(.*\n)*.*q leave/);
  terminal.type('q');
  // The terminal is as it was: lines are edited by it.
  expect(await terminal.until(/exit 0\s+icanon/)).toContain('icanon');
  expect(running.child.exitCode).toBeNull();
  expect(await running.kill('SIGINT')).toMatchObject({ code: 75 });
});

inTerminal('watch says what became of a run that has ended, once its view is gone (tmux)', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ iterations: 1, sets: 1 }) });
  await project.retort(['run', 'tiny.yaml', '--reporter', 'silent']);
  const terminal = new Terminal(view('watch'), { folder: project.folder, columns: 80, rows: 20 });
  const shown = await terminal.until(/exit 0/);
  expect(shown).toMatch(/finished in .*: 4 run, 0 hits/);
  expect(shown).toContain('`retort status');
});

inTerminal('a terminal that is closed ends the run with a checkpoint, as Ctrl-C does (tmux)', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ iterations: 100_000, sets: 1 }) });
  const terminal = start(project, 80, 20);
  await terminal.until(/▶ distil.*%/);
  terminal.close();
  const events = () => {
    const [run = ''] = readdirSync(project.path('runs/runs'));
    return readFileSync(project.path(`runs/runs/${run}/events.ndjson`), 'utf8');
  };
  await expect.poll(events, { timeout: 500_000 }).toMatch(/"type":"run-finished","outcome":"interrupted"/);
  const { stdout } = await project.retort(['status', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ state: 'unfinished' });
});

inTerminal(
  'keys in run: Ctrl-Z stops the group, q leaves lines in place of the view, c cancels one node (tmux)',
  async () => {
    const project = new Project().write({ 'tiny.yaml': tinyExperiment({ iterations: 100_000, sets: 1 }) });
    const terminal = start(project, 100, 30);
    await terminal.until(/▶ distil.*%/);
    terminal.type('/distil');
    terminal.press('Enter');
    terminal.press('Down');
    await terminal.until(/❯ distil/);
    terminal.press('C-z');
    await terminal.until(/(Stopped|Suspended|exit 148)/);
    terminal.type('fg\n');
    await terminal.until(/❯ distil(.*\n)*.*filter: distil {3}Esc all\s*$/);
    terminal.type('q');
    await terminal.until(/step \d+ of 100000/);
    terminal.press('C-c');
    await terminal.until(/the same command continues|exit 75/);
  },
);
