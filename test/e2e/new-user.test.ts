/** The first steps of a new user: an experiment from `init`, an editor that completes it, a shell that completes commands. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BINARY, Project } from '../rig/retort.ts';

describe('init', () => {
  it('writes an experiment that runs, whose first line names a schema that is there', async () => {
    const project = new Project();
    const made = await project.retort(['init', 'grids/my-grid']);
    expect([made.code, made.stdout]).toEqual([0, 'grids/my-grid.yaml\n']);
    const text = readFileSync(project.path('grids/my-grid.yaml'), 'utf8');
    const schema = /\$schema=(\S+)/.exec(text.split('\n')[0] ?? '')?.[1] ?? '';
    const found = resolve(project.path('grids'), schema);
    expect(JSON.parse(readFileSync(found, 'utf8')).title).toBe('Experiment of retort');

    const small = ['matrix.imagesPerClass=[1]', 'replicates.sets=1', 'stages.score.epochs=1'];
    const ran = await project.retort(['run', 'grids/my-grid.yaml', ...small, 'matrix.method.dm.iterations=1']);
    expect(ran.stderr).toContain('4 nodes: 4 run');
    expect(ran.code).toBe(0);
    expect(ran.stdout).toMatch(/random .*\n.* dm /s);

    const again = await project.retort(['init', 'grids/my-grid.yaml']);
    expect(again.code).toBe(2);
    expect(readFileSync(project.path('grids/my-grid.yaml'), 'utf8')).toBe(text);
  });

  it('says how a second axis is written, and what to type where the name has blanks', async () => {
    const project = new Project();
    const made = await project.retort(['init', 'my grid']);
    expect(made.stderr).toContain("retort run 'my grid.yaml'");
    const text = readFileSync(project.path('my grid.yaml'), 'utf8');
    const [, axis = '', use = ''] = /`(learningRate: \[.*?\])` here and `(learningRate: \S+)` in `dm`/.exec(text) ?? [];
    const grid = text
      .replace('matrix:\n', `matrix:\n  ${axis}\n`)
      .replace('method: dm, start', `method: dm, ${use}, start`);
    project.write({ 'my grid.yaml': grid });
    const valid = await project.retort(['validate', 'my grid.yaml']);
    expect([valid.code, valid.stderr]).toEqual([0, 'my grid.yaml: my grid: no errors, 8 cells\n']);
  });
});

describe('completion in a real bash', () => {
  /** What bash would offer after these words, the last of them half typed. */
  function offeredIn(project: Project, words: readonly string[]): string[] {
    const script = `
      source <(retort completion bash)
      COMP_WORDS=(retort "$@"); COMP_CWORD=$#
      _retort
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const path = `${project.folder}/bin:${process.env.PATH}`;
    return execFileSync('bash', ['-c', script, 'bash', ...words], {
      cwd: project.folder,
      encoding: 'utf8',
      env: { ...process.env, PATH: path },
    })
      .split('\n')
      .filter(Boolean);
  }

  it('offers commands, flags, choices, files, runs and nodes', async () => {
    const project = new Project();
    const offered = (...words: string[]) => offeredIn(project, words);
    project.write({
      'bin/retort': `#!/bin/sh\nexec ${process.execPath} ${BINARY} "$@"\n`,
      'grid.yaml': '',
      'notes.txt': '',
      'sub/x.yaml': '',
    });
    execFileSync('chmod', ['+x', project.path('bin/retort')]);
    expect(offered('va')).toEqual(['validate']);
    expect(offered('run', '--re')).toContain('--reporter');
    expect(offered('run', '--reporter', '')).toEqual(['tui', 'plain', 'ndjson', 'silent']);
    expect(offered('run', '')).toEqual(expect.arrayContaining(['grid.yaml', 'sub']));
    expect(offered('run', '')).not.toContain('notes.txt');
    expect(offered('plan', '--store', 'su')).toEqual(['sub']);
    expect(offered('stages', 'se')).toEqual(['select']);
    expect(offered('completion', '')).toEqual(['bash', 'zsh', 'fish']);

    await project.retort(['init', 'small']);
    const small = ['matrix.imagesPerClass=[1]', 'replicates.sets=1', 'stages.score.epochs=1'];
    await project.retort(['run', 'small.yaml', ...small, 'matrix.method.dm.iterations=1', '--reporter', 'silent']);
    expect(offered('pin', 'la')).toEqual(['last']);
    expect(offered('pin', '2')).toEqual([expect.stringContaining('-small-')]);
    expect(offered('unlock', "'distil")).toContain('distil[imagesPerClass=1,method=dm,set=1]');
    expect(offered('unlock', 'distil')).toContain('distil\\[imagesPerClass=1\\,method=dm\\,set=1\\]');
  });
});

describe('completion in a real fish', () => {
  it('offers commands and flags', ({ skip }) => {
    skip(spawnSync('fish', ['--version']).status !== 0, 'fish is not installed');
    const project = new Project();
    project.write({ 'bin/retort': `#!/bin/sh\nexec ${process.execPath} ${BINARY} "$@"\n` });
    execFileSync('chmod', ['+x', project.path('bin/retort')]);
    const offered = (line: string) =>
      execFileSync('fish', ['-c', 'retort completion fish | source; complete -C $argv[1]', line], {
        cwd: project.folder,
        encoding: 'utf8',
        env: { ...process.env, PATH: `${project.folder}/bin:${process.env.PATH}`, HOME: project.folder },
      })
        .split('\n')
        .map((entry) => entry.split('\t')[0]);
    expect(offered('retort va')).toContain('validate');
    expect(offered('retort run --re')).toContain('--reporter');
  });
});
