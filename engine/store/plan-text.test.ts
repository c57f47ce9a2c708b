/** What is read of a plan in part is what the whole plan says; a plan written otherwise is left to whoever reads it whole. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { unwrap } from '../../base/result.ts';
import type { Plan } from '../plan/plan.ts';
import { examplePlan } from '../report/recorded-run.ts';
import { readPlanNode, readPlanOutline } from './plan-text.ts';
import { newAttempt } from './publish.ts';
import { createRun, type DrivenRun, lookAtRun, planPath } from './runs.ts';
import { openStore, type Store } from './store.ts';

let store: Store;
beforeEach(() => {
  store = unwrap(openStore(mkdtempSync(join(tmpdir(), 'retort-plan-text-')), { create: true }));
});
afterEach(() => rmSync(store.folder, { recursive: true, force: true }));

function runOf(ids: readonly string[]): DrivenRun {
  const { nodes, ...plan } = examplePlan();
  const [node] = nodes;
  if (!node) throw new Error('expected a node');
  // A parameter that is called as what is looked for.
  const params = { stage: 'no stage', id: 'score', key: 'abcdef', nodes: [{ id: 'nested' }] };
  return createRun(
    store,
    { ...plan, nodes: [...nodes, ...ids.map((id, i) => ({ ...node, id, params, key: `${i}abcdef` }))] },
    {},
  );
}

it('finds every node by its id or the beginning of its key', () => {
  const { plan, id } = runOf(['quoted["x"]', 'Größe\n2']);
  const path = planPath(store, id);
  for (const node of plan.nodes) expect(readPlanNode(path, { id: node.id })).toEqual({ node });
  expect(readPlanNode(path, { id: '1abcde', key: '1abcde' })?.node?.id).toBe('Größe\n2');
  for (const none of ['nested', 'none', 'random'])
    expect(readPlanNode(path, { id: none })).toEqual({ node: undefined });
  expect(readPlanNode(path, { id: 'abcdef', key: 'abcdef' })).toEqual({ node: undefined });
});

it('tells what the plan says besides its nodes, and counts those', () => {
  const { plan, id } = runOf(['one']);
  const { nodes, ...rest } = plan;
  const stages = new Map<string, number>();
  for (const { manifest } of nodes) stages.set(manifest.stage, (stages.get(manifest.stage) ?? 0) + 1);
  expect(readPlanOutline(planPath(store, id))).toEqual({ plan: rest, stages });
});

it('answers nothing where the plan is written otherwise, is damaged or is not there', () => {
  const { plan, id } = runOf([]);
  const path = planPath(store, id);
  const texts = [JSON.stringify(plan), JSON.stringify({ ...plan, schema: 'x' } as unknown as Plan, null, 2), '{'];
  for (const text of texts) {
    writeFileSync(path, text);
    expect([readPlanNode(path, { id: 'score' }), readPlanOutline(path)]).toEqual([undefined, undefined]);
  }
  rmSync(path);
  expect([readPlanNode(path, { id: 'score' }), readPlanOutline(path)]).toEqual([undefined, undefined]);
});

it('a run that is looked at finds the folders of its nodes, be they there or not', () => {
  const ids = ['a[b=c]', 'A[b=c]', 'a[b-c]', 'plain', `${'x'.repeat(300)}y`, 'x'.repeat(300)];
  const run = runOf(ids);
  const check = () => {
    for (const { id } of run.plan.nodes) expect(lookAtRun(store, run.id).nodeFolder(id)).toBe(run.nodeFolder(id));
  };
  check();
  for (const { id } of run.plan.nodes) newAttempt(run, id);
  check();
  expect(lookAtRun(store, run.id).plan).toEqual(run.plan);
  expect(() => lookAtRun(store, 'none').plan).toThrow('There is no run `none`');
});
