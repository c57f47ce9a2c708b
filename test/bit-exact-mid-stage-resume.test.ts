/**
 * Bit-exact mid-stage resume, of every stage kind, in real processes: killed by SIGKILL after k steps and continued by
 * another process, with two cadences of checkpoints, it makes the very files that an undisturbed run makes; and so does a
 * longer run that goes on from a shorter one's end. The first case of a kind in `test/rig/stage-cases.ts` is what is run: a
 * new kind gets all this for naming one.
 */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { JsonObject } from '../base/json.ts';
import { unwrap } from '../base/result.ts';
import { bundledFolder } from '../data/registry.ts';
import { formatDiagnostics } from '../engine/config/diagnostics.ts';
import { resolveExperiments } from '../engine/config/resolve.ts';
import type { RunEvent } from '../engine/events.ts';
import { buildPlan } from '../engine/plan/build.ts';
import type { ResolvedExperiment } from '../engine/plan/experiment.ts';
import { runPlan } from '../engine/run/run.ts';
import { openStore } from '../engine/store/store.ts';
import { roleOf } from '../stages/input-roles.ts';
import { stageKinds } from '../stages/registry.ts';
import { backendNumerics } from '../tensor/backends/open.ts';
import { results } from './rig/artifacts.ts';
import { CASES, type ConformanceCase, type UpstreamCase } from './rig/stage-cases.ts';

const FIRST = stageKinds.flatMap(({ kind }) => CASES.find((one) => one.kind === kind) ?? []);

/** A store with what stands upstream, and what an undisturbed run makes of it. */
interface Undisturbed {
  readonly store: string;
  readonly steps: number;
  readonly results: Record<string, unknown>;
}

const undisturbed = new Map<string, Undisturbed>();

beforeAll(async () => {
  for (const given of FIRST) {
    const store = keptFolder();
    for (const upstream of Object.values(given.inputs ?? {})) await run(store, upstream);
    const whole = copyOf(store);
    const events = await run(whole, given);
    const [steps] = events.flatMap((event) => (event.type === 'node-started' ? [event.steps] : []));
    undisturbed.set(given.kind, { store, steps: steps ?? 0, results: results(whole) });
  }
});

it.each(FIRST)(
  'Bit-exact mid-stage resume: $kind is the same wherever it was killed and however often it had saved',
  async (given) => {
    const { store, steps, results: expected } = undisturbed.get(given.kind)!;
    for (const everySteps of [1, 2])
      for (const step of new Set([0, 1, Math.floor(steps / 2), steps - 1].filter((index) => index < steps))) {
        const own = copyOf(store);
        // After k steps: the next one is done, and lost.
        const events = await run(own, given, { everySteps, fault: `step-done:${step + 1}` });
        const started = events.flatMap((event) => (event.type === 'node-started' ? [event.fromStep] : []));
        expect([step, started]).toEqual([step, [0, step - (step % everySteps)]]);
        expect([everySteps, step, results(own)]).toEqual([everySteps, step, expected]);
      }
  },
);

const EXTENDING = FIRST.filter(({ kind }) => prefixOf(kind) !== undefined);

it.skipIf(EXTENDING.length === 0).each(EXTENDING)(
  'Bit-exact mid-stage resume: $kind goes on from the kept end of a shorter run, killed or not',
  async (given) => {
    const { store, steps, results: expected } = undisturbed.get(given.kind)!;
    const parameter = prefixOf(given.kind)!;
    const half = Math.floor(steps / 2);
    const own = copyOf(store);
    await run(own, { ...given, params: { ...given.params, [parameter]: half } });
    const events = await run(own, given, { fault: 'step-done:2' });
    const started = events.flatMap((event) => (event.type === 'node-started' ? [event.fromStep] : []));
    expect(started).toEqual([half, half]);
    expect(results(own)).toMatchObject(expected);
  },
);

it.skipIf(EXTENDING.length === 0).each(EXTENDING)(
  'Bit-exact mid-stage resume: $kind makes snapshots that are what shorter runs make',
  async (given) => {
    const { store, steps } = undisturbed.get(given.kind)!;
    const parameter = prefixOf(given.kind)!;
    const [own, apart] = [copyOf(store), copyOf(store)];
    await run(own, given, { snapshots: { at: [1, steps - 1] }, fault: 'step-done:3', everySteps: 2 });
    for (const length of [1, steps - 1, steps])
      await run(apart, { ...given, params: { ...given.params, [parameter]: length } });
    expect(results(own)).toEqual(results(apart));
  },
);

function prefixOf(kind: string): string | undefined {
  return stageKinds.find((one) => one.kind === kind)?.prefixExtending;
}

interface Disturbance {
  readonly everySteps?: number;
  readonly fault?: string;
  readonly snapshots?: JsonObject;
}

async function run(
  store: string,
  given: UpstreamCase | ConformanceCase,
  { everySteps, fault, snapshots }: Disturbance = {},
): Promise<RunEvent[]> {
  const experiment = experimentOf(given, snapshots);
  const plan = buildPlan(experiment, {
    stageKinds,
    dataDigest: 'bundled',
    dataDescription: 'bundled',
    numerics: unwrap(backendNumerics(experiment.backend)),
  });
  const events: RunEvent[] = [];
  if (fault !== undefined) process.env.RETORT_FAULT = fault;
  try {
    const { outcome } = await runPlan({
      ...{ plan, experiment },
      store: unwrap(openStore(store, { create: true })),
      data: { folder: bundledFolder('fashion-mnist') },
      reporters: [{ onEvent: (event) => events.push(event), close() {} }],
      checkpoints: { everySeconds: 3600, ...(everySteps !== undefined && { everySteps }) },
      concurrency: 1,
    });
    expect(outcome).toBe('done');
  } finally {
    delete process.env.RETORT_FAULT;
  }
  return events;
}

/** One stage and what stands above it, as somebody would write it. */
function experimentOf(given: UpstreamCase, snapshots: JsonObject | undefined): ResolvedExperiment {
  const stages: Record<string, JsonObject> = {};
  const write = ({ kind, params, inputs = {} }: UpstreamCase, more: JsonObject = {}): string => {
    const roles: Record<string, string[]> = {};
    for (const [role, upstream] of Object.entries(inputs))
      roles[roleOf(role)] = [...(roles[roleOf(role)] ?? []), write(upstream)];
    const named = Object.entries(roles).map(([role, names]) => [role, names.length === 1 ? names[0] : names]);
    const stage = { stage: kind, ...params, ...Object.fromEntries(named), resources: { threads: 1 }, ...more };
    const found = Object.entries(stages).find(([, other]) => JSON.stringify(other) === JSON.stringify(stage));
    const name = found?.[0] ?? `stage-${Object.keys(stages).length}`;
    stages[name] = stage;
    return name;
  };
  write(given, snapshots && { snapshots });
  // JSON is YAML.
  const text = JSON.stringify({ version: 1, name: 'conformance', data: { set: 'fashion-mnist' }, stages });
  const resolved = resolveExperiments([{ path: 'conformance.yaml', text }], [], { stageKinds });
  if (!resolved.ok) throw new Error(formatDiagnostics(resolved.error));
  return resolved.value[0] as ResolvedExperiment;
}

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function keptFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'retort-test-'));
  folders.push(folder);
  return folder;
}

function copyOf(store: string): string {
  const folder = keptFolder();
  cpSync(store, folder, { recursive: true });
  return folder;
}
