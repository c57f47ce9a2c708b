/** The live view in a real terminal: it shows the nodes while they run, leaves the table behind, and gives the terminal back. */
import { expect, it, vi } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { BINARY, Project } from '../rig/retort.ts';
import { Terminal, tmuxIsInstalled } from '../rig/terminal.ts';

vi.setConfig({ testTimeout: 180_000 });

const inTerminal = it.skipIf(!tmuxIsInstalled());

function start(project: Project, columns: number, rows: number): Terminal {
  const command = `env -u CI -u NO_COLOR TERM=xterm-256color ${process.execPath} ${BINARY} run tiny.yaml; echo "exit $?"`;
  return new Terminal(command, { folder: project.folder, columns, rows });
}

inTerminal('shows running nodes with progress, then the table (tmux)', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ iterations: 30, sets: 1 }) });
  const terminal = start(project, 100, 30);
  const live = await terminal.until(/distil\[.*(it|step|\/s|%)/);
  expect(live).toMatch(/dm/);
  const end = await terminal.until(/exit 0/);
  expect(end).toMatch(/random/);
  expect(end).toMatch(/95 %/);
});

inTerminal('first Ctrl-C writes checkpoints and exits 75, the same command continues (tmux)', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ iterations: 2000, epochs: 1 }) });
  const terminal = start(project, 80, 24);
  await terminal.until(/distil\[.*(it|step|\/s|%)/);
  terminal.resize(60, 20);
  terminal.press('C-c');
  const stopped = await terminal.until(/exit 75/);
  expect(stopped).toMatch(/same command|run .*again|continue/i);
});
