/** `doctor` and `setup`: what they say of the backends, what they write, and that they leave nothing behind. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { findRuntime } from '../../tensor/backends/tensorflow/runtime.ts';
import { Project } from '../rig/retort.ts';

interface Doctor {
  readonly findings: readonly { readonly what: string; readonly ok: boolean; readonly says: string }[];
}

it('doctor says of every backend where it computes, or why not and what to type; nothing else is heard or left', async () => {
  const project = new Project().write({ 'tmp/.keep': '' });
  const { code, stdout, stderr } = await project.retort(['doctor', '--json'], { TMPDIR: project.path('tmp') });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { findings } = JSON.parse(stdout) as Doctor;
  const backends = findings.filter(({ what }) => what.startsWith('backend '));
  expect(backends.map(({ what }) => what)).toEqual([
    'backend onnxruntime',
    'backend tensorflow',
    'backend onnxruntime:webgpu',
    'backend onnxruntime:cuda',
    'backend reference',
  ]);
  expect(backends[0]).toMatchObject({ ok: true, says: expect.stringMatching(/^on the CPU, version 1\.30/) });
  for (const { ok, says } of backends) if (!ok) expect(says).toMatch(/`(retort setup|--backend|apt install)/);
  expect(readdirSync(project.path('tmp'))).toEqual(['.keep']);
});

it('a library that crashes while it loads takes neither doctor nor the other backends with it', async () => {
  const binding = 'cache/tensorflow/9.9.9/node_modules/@tensorflow/tfjs-node';
  const project = new Project().write({
    'cache/tensorflow/9.9.9/package.json': '{}',
    [`${binding}/package.json`]: '{ "version": "0.0.0", "main": "crash.js", "retortTensorflow": "9.9.9" }',
    [`${binding}/crash.js`]: 'console.error("noise"); process.abort();',
  });
  const { code, stdout, stderr } = await project.retort(['doctor', '--json'], { RETORT_CACHE: project.path('cache') });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const { findings } = JSON.parse(stdout) as Doctor;
  const said = Object.fromEntries(findings.map(({ what, says }) => [what, says]));
  expect(said['backend tensorflow']).toBe(
    'The backend tensorflow cannot be loaded: the process that tried it was ended by SIGABRT. Type `retort setup tensorflow` to build it again.',
  );
  expect(said['backend onnxruntime']).toMatch(/^on the CPU/);
});

it.skipIf(existsSync('/proc/driver/nvidia/version'))('setup cuda without a GPU says so', async () => {
  const project = new Project();
  const { code, stdout, stderr } = await project.retort(['setup', 'cuda', '--yes']);
  expect({ code, stdout }).toEqual({ code: 5, stdout: '' });
  expect(stderr).toMatchInlineSnapshot(`
    "There is no NVIDIA GPU here, or its driver is not loaded.
        Install the driver first; for a machine without a GPU that shares its files with one, type \`retort setup cuda --force\`.
    "
  `);
  expect(existsSync(project.path('retort.config.yaml'))).toBe(false);
});

const installed = findRuntime();
const title = installed.ok ? '' : `: ${installed.error.message}`;

it.skipIf(!installed.ok)(`setup writes the default when told to, once, and only then${title}`, async () => {
  const project = new Project().write({ 'retort.config.yaml': '# ours\nstore: results\n', 'inner/.keep': '' });
  const setting = () => readFileSync(project.path('retort.config.yaml'), 'utf8');
  expect((await project.retort(['setup', 'tensorflow'])).stderr).toContain('`backend: tensorflow`');
  expect((await project.retort(['setup', 'tensorflow', '--no-input'])).code).toBe(0);
  expect(setting()).toBe('# ours\nstore: results\n');

  const first = await project.retort(['setup', 'tensorflow', '--yes']);
  expect(first).toMatchObject({ code: 0, stderr: 'retort.config.yaml now says `backend: tensorflow`.\n' });
  expect(setting()).toBe('# ours\nstore: results\nbackend: tensorflow\n');
  const again = await project.retort(['setup', 'tensorflow', '--yes']);
  expect(again.stderr).toBe('retort.config.yaml already says `backend: tensorflow`.\n');
});
