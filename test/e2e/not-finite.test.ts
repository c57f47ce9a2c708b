/** A training that diverges: the step is named, what led to it is kept, and `--debug-nan` names the operation. */
import { expect, it } from 'vitest';
import { events, Project } from '../rig/retort.ts';

const DIVERGING = `version: 1
name: diverging
data: { set: fashion-mnist }
network: { kind: convnet, width: 4 }
stages:
  start: { stage: select, method: random, imagesPerClass: 2 }
  score: { stage: evaluate, images: start, epochs: 5, learningRate: 1.0e+10 }
`;

interface Failed {
  readonly type: string;
  readonly failure: { readonly code: string; readonly message: string; readonly help: string };
}

it('stops at the step, keeps the state before it, and names the operation when asked', async () => {
  const project = new Project().write({ 'diverging.yaml': DIVERGING });
  const run = async (...flags: string[]) => {
    const { code, stdout } = await project.retort(['run', 'diverging.yaml', '--reporter', 'ndjson', ...flags]);
    const told = events(stdout);
    const failed = told.find(({ type }) => type === 'node-failed') as unknown as Failed;
    const started = told.filter(({ type }) => type === 'node-started').at(-1);
    return { code, failure: failed.failure, fromStep: started?.fromStep, told };
  };

  const plain = await run();
  expect(plain).toMatchObject({ code: 1, failure: { code: 'STEP_NOT_FINITE' }, fromStep: 0 });
  const step = Number(/^Step (\d+) of evaluate gave .* not finite\.$/.exec(plain.failure.message)?.[1]);
  expect(step).toBeGreaterThan(1);
  expect(plain.failure.help).toContain('--debug-nan');
  expect(plain.told.filter(({ type }) => type === 'node-checkpoint')).toMatchObject([{ step: step - 1 }]);

  const asked = await run('--debug-nan');
  expect(asked).toMatchObject({ code: 1, failure: { code: 'STEP_NOT_FINITE' }, fromStep: step - 1 });
  expect(asked.failure.message).toMatch(
    /^Step \d+ of evaluate gave .* not finite\. It came up in `\w+` of float \[20, [^`]*\], built at nn\/\w+\.ts:\d+: [\d,]+ of [\d,]+ values of its result \[[\d, ]+\] are not finite\.$/,
  );
});
