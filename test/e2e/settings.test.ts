/** `retort.config.yaml` through the real binary: where it is found, who wins, what it answers to mistakes. */
import { existsSync, mkdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { events, Project } from '../rig/retort.ts';

async function backendOf(project: Project, args: string[] = [], environment = {}): Promise<string> {
  const { code, stdout, stderr } = await project.retort(['plan', 'tiny.yaml', '--json', ...args], environment);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return (JSON.parse(stdout) as { plans: { backend: string }[] }).plans[0]?.backend ?? '';
}

it('flags win over the experiment, that over environment, project and user', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment() });
  expect(await backendOf(project)).toBe('onnxruntime');
  project.write({ '.config/retort/retort.config.yaml': 'backend: reference\n' });
  expect(await backendOf(project)).toBe('reference');
  project.write({ 'retort.config.yaml': '# ours\nbackend: onnxruntime\n' });
  expect(await backendOf(project)).toBe('onnxruntime');
  expect(await backendOf(project, [], { RETORT_BACKEND: 'reference' })).toBe('reference');
  expect(await backendOf(project, ['backend=onnxruntime'], { RETORT_BACKEND: 'reference' })).toBe('onnxruntime');
  expect(await backendOf(project, ['--backend', 'reference'])).toBe('reference');
  project.write({ 'retort.config.yaml': '# nothing decided\n' });
  expect(await backendOf(project)).toBe('reference');
});

it('mistakes: every one with its place and the nearest name, exit 2, nothing started', async () => {
  const project = new Project().write({
    'tiny.yaml': tinyExperiment(),
    'retort.config.yaml': 'bakend: reference\nstore: 3\n',
    '.config/retort/retort.config.yaml': 'backend: tensorflw\n',
  });
  const { code, stdout, stderr } = await project.retort(['run', 'tiny.yaml']);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(`\n${stderr}`).toMatchInlineSnapshot(`
    "
    retort.config.yaml:1:1 Unknown key \`bakend\` in the settings.
        bakend: reference
        ~~~~~~
        Did you mean \`backend\`?

    retort.config.yaml:2:8 Expected \`store\` to be text, but found 3.
        store: 3
               ~

    .config/retort/retort.config.yaml:1:10 Expected \`backend\` to be \`onnxruntime\`, \`tensorflow\`, \`onnxruntime:webgpu\`, \`onnxruntime:cuda\` or \`reference\`, but found the text "tensorflw".
        backend: tensorflw
                 ~~~~~~~~~
        Did you mean \`tensorflow\`?

    3 errors in 2 files.
    "
  `);
  expect(existsSync(project.path('runs'))).toBe(false);
  const unknown = await new Project().retort(['ls'], { RETORT_BACKEND: 'onnx' });
  expect(unknown).toMatchObject({
    code: 2,
    stderr: 'RETORT_BACKEND: There is no backend `onnx`. Did you mean `onnxruntime`?\n',
  });
});

it('says that a settings file cannot be read', async () => {
  const project = new Project();
  mkdirSync(project.path('retort.config.yaml'));
  expect(await project.retort(['ls'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('The file `retort.config.yaml` cannot be read: EISDIR'),
  });
});

it('the store lies where the file says, from every folder of the project', async () => {
  const project = new Project().write({ 'retort.config.yaml': 'store: results\n' });
  mkdirSync(project.path('deep/er'), { recursive: true });
  expect((await project.retort(['ls'])).stderr).toBe('Nothing has run in results yet.\n');
  const deeper = new Project(project.path('deep/er'));
  expect((await deeper.retort(['ls'])).stderr).toBe('Nothing has run in ../../results yet.\n');
  expect((await project.retort(['ls'], { RETORT_STORE: 'other' })).stderr).toBe('Nothing has run in other yet.\n');
});

it('an unfinished run keeps the backend frozen in it when the default changes; --backend begins anew', async () => {
  const project = new Project().write({ 'tiny.yaml': tinyExperiment({ iterations: 100_000, sets: 1 }) });
  const first = project.start(['run', 'tiny.yaml', '--reporter', 'ndjson']);
  const { run } = await first.event(({ type }) => type === 'run-started');
  await first.event(({ type, step = 0 }) => type === 'node-progress' && step > 2);
  expect((await first.kill('SIGINT')).code).toBe(75);

  project.write({ 'retort.config.yaml': 'backend: reference\n' });
  const again = project.start(['run', 'tiny.yaml', '--reporter', 'ndjson']);
  const continued = await again.event(({ type }) => type === 'run-started');
  const node = await again.event(({ type, node = '' }) => type === 'node-started' && node.startsWith('distil'));
  const { stderr, stdout } = await again.kill('SIGINT');
  expect(continued.run).toBe(run);
  expect(node.fromStep).toBeGreaterThan(0);
  expect(stderr).toContain(`keeping backend onnxruntime, with which the unfinished run ${run} was begun`);
  expect(events(stdout).some(({ type }) => type === 'node-failed')).toBe(false);

  const plan = await project.retort(['plan', 'tiny.yaml', '--backend', 'reference']);
  expect(plan.stdout).toContain('backend reference');
  expect(plan.stdout).toContain('0 hits');
});
