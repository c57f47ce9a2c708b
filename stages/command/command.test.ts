/** What a program says and is told, without running one; `test/e2e/command-stage.test.ts` runs real ones. */
import { describe, expect, it } from 'vitest';
import { withDefaults } from '../../engine/plan/defaults.ts';
import { keyManifest } from '../../engine/plan/key.ts';
import { command } from './index.ts';
import { filled, placeholderProblems } from './placeholders.ts';
import { progressIn } from './progress.ts';

it.each([
  ['retort: step 3/10 loss=0.5', { step: 3, steps: 10, figures: { loss: 0.5 } }],
  ['  retort: step 7 accuracy=0.71 lr=1e-3', { step: 7, figures: { accuracy: 0.71, lr: 0.001 } }],
  ['retort: loss=2', { figures: { loss: 2 } }],
  ['retort: step 1/2 loss=nan name=dm', { step: 1, steps: 2, figures: {} }],
  ['{"step": 3, "steps": 10, "loss": 0.5, "name": "dm"}', { step: 3, steps: 10, figures: { loss: 0.5 } }],
  ['{"loss": 0.5}', undefined],
  ['{"step": 3', undefined],
  ['[1, 2]', undefined],
  ['epoch 3 of 10', undefined],
])('%s', (line, expected) => {
  expect(progressIn(line)).toEqual(expected);
});

describe('placeholders', () => {
  it('are filled in; other braces are the program’s own', () => {
    const values = { out: '/out', seed: '7', 'in.images': '/in/images' };
    expect(
      ['{out}/a', '--seed={seed}', '{in.images}', '{{out}}', '{ x }', '{ "a": 1 }'].map((word) => filled(word, values)),
    ).toEqual(['/out/a', '--seed=7', '/in/images', '{out}', '{ x }', '{ "a": 1 }']);
  });

  it('that are none, or whose input is not wired, are told before anything runs', () => {
    expect(placeholderProblems(['python3', '{ouput}'], ['images'])).toMatchObject([
      { path: ['run', 1], message: expect.stringContaining('There is no placeholder `{ouput}`') },
    ]);
    expect(placeholderProblems(['{in.images}'], ['images'], [])).toMatchObject([
      { path: ['run', 0], message: expect.stringContaining('needs the input `images`') },
    ]);
    expect(placeholderProblems(['{in.images}'], ['images'], ['images'])).toEqual([]);
  });
});

it('has in its key what can change a result, and not how it is run', () => {
  const manifest = (params: Record<string, unknown>) =>
    keyManifest({
      stage: command,
      params: withDefaults({ run: ['true'], files: { 'a.py': 'digest' }, ...params } as never, command.parameters),
      ...{ seed: { base: 1, set: 2 }, inputs: {}, dataSet: 'none', dataDigest: 'none', numerics: {}, threads: 1 },
    });
  expect(manifest({ grace: 1, environment: ['HF_HOME'] })).toEqual(manifest({}));
  expect(manifest({}).params).toEqual({ run: ['true'], files: { 'a.py': 'digest' } });
  for (const changed of [
    { version: 2 },
    { params: { a: 1 } },
    { variables: { A: 'b' } },
    { files: { 'a.py': 'other' } },
  ])
    expect(manifest(changed)).not.toEqual(manifest({}));
});
