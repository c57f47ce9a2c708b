/**
 * Every native backend that is here against the reference, operation by operation: values, derivatives up to the second
 * order, and the third where its graph is small, and the same bits when the program runs again.
 */
import { describe, expect, it } from 'vitest';
import { caseGraph, type OpCase, opCases } from '../ops/cases.ts';
import { inTopologicalOrder } from '../topological.ts';
import type { Backend } from './backend.ts';
import {
  digests,
  disagreements,
  type Outputs,
  rounded,
  SLOPE_TOLERANCE,
  VALUE_TOLERANCE,
  type Values,
} from './conformance/compare.ts';
import { edgeCases } from './conformance/edge-cases.ts';
import type { GraphCase } from './conformance/graph-case.ts';
import { layoutCases } from './conformance/layout-cases.ts';
import { named, openGraphics, openNatives } from './conformance/natives.ts';
import { typeCases } from './conformance/type-cases.ts';
import { openReference } from './reference/backend.ts';

const reference = openReference();
const natives = [...(await openNatives(2)), ...(await openGraphics())];
const wantedByAsked = new Map<string, Values>();

async function wantedOf(name: string, outputs: Outputs, feeds: Values): Promise<Values> {
  // Not every backend is asked for every order of derivative.
  const asked = [name, ...Object.keys(outputs)].join(' ');
  const wanted = wantedByAsked.get(asked) ?? (await (await reference.prepare({ outputs })).run(feeds));
  wantedByAsked.set(asked, wanted);
  return wanted;
}

/**
 * WGSL promises no more of `exp`, `sin` or `tanh` than some 2^-11 of their result, and nothing of what is not finite; a
 * wrong emission is further off.
 */
const GRAPHICS_TOLERANCE = 1e-3;
const NOT_ON_GRAPHICS = ['values that are not finite'];

async function conform(backend: Backend, { name, outputs, feeds, tolerance }: GraphCase): Promise<void> {
  const fed = rounded(feeds);
  const program = await backend.prepare({ outputs });
  const found = await program.run(fed);
  const again = await program.run(fed);
  program.dispose();
  const least = backend.name === 'onnxruntime:webgpu' ? GRAPHICS_TOLERANCE : 0;
  const toleranceOf = (output: string) =>
    Math.max(least, tolerance ?? (output.includes('slope') ? SLOPE_TOLERANCE : VALUE_TOLERANCE));
  expect(disagreements(found, await wantedOf(name, outputs, fed), toleranceOf)).toEqual([]);
  expect(digests(again)).toEqual(digests(found));
}

/**
 * Native engines take up to a second to prepare graphs of a thousand nodes: those of the higher orders are left out, and
 * of the second where software takes the place of a graphics device.
 */
const MOST_NODES = 100;

async function conformTo(backend: Backend, opCase: OpCase): Promise<void> {
  const { value, slopes, feeds } = caseGraph(opCase);
  const most = backend.name === 'onnxruntime:webgpu' ? 2 : 3;
  const cheap = slopes.filter((slope, order) => order < most || inTopologicalOrder([slope]).length <= MOST_NODES);
  const outputs = { value, ...Object.fromEntries(cheap.map((slope, order) => [`slope${order}`, slope])) };
  await conform(backend, { name: opCase.name, outputs, feeds });
}

describe.each(natives)('%s', (_title, backend) => {
  if (!backend) {
    it.skip('(so not tested here)');
    return;
  }
  it.each(named([...opCases, ...layoutCases]))('%s', (_, opCase) => conformTo(backend, opCase));
  const onGraphics = backend.name === 'onnxruntime:webgpu';
  it.each(named([...edgeCases, ...typeCases].filter(({ name }) => !onGraphics || !NOT_ON_GRAPHICS.includes(name))))(
    '%s',
    (_, graphCase) => conform(backend, graphCase),
  );
});
