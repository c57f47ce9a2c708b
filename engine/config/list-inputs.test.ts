/** Roles that take a list of stages: written as one name or several, each checked at its own place. */
import { expect, it } from 'vitest';
import { BASE, HEAD, OPTIONS } from '../../test/rig/pages.ts';
import { join, sampleKinds } from '../../test/rig/stage-kinds.ts';
import { buildPlan } from '../plan/build.ts';
import type { Plan } from '../plan/plan.ts';
import { formatDiagnostics } from './diagnostics.ts';
import { resolveExperiments } from './resolve.ts';

const stageKinds = [...sampleKinds, join];

function resolved(text: string) {
  return resolveExperiments([{ path: 'x.yaml', text }], [], { ...OPTIONS, stageKinds });
}

function page(text: string): string {
  const found = resolved(text);
  return found.ok ? 'right' : `\n${formatDiagnostics(found.error)}`;
}

function plan(text: string): Plan {
  const found = resolved(text);
  if (!found.ok) throw new Error(formatDiagnostics(found.error));
  const numerics = { backend: 'onnxruntime' };
  return buildPlan(found.value[0]!, { stageKinds, dataDigest: 'd', dataDescription: '', numerics });
}

const stages = (images: string) =>
  `${HEAD}stages:\n  a: { stage: select, imagesPerClass: 1 }\n  b: { stage: select, imagesPerClass: 2 }\n  all: { stage: join, images: ${images} }\n`;

const joined = (images: string) => plan(stages(images)).nodes.find(({ manifest }) => manifest.stage === 'join')!;

it('holds the stages in the order of the list, and so does the key', () => {
  const [ab, ba] = [joined('[a, b]'), joined('[b, a]')];
  expect(ab.inputs).toEqual({ 'images[0]': 'a[set=1]', 'images[1]': 'b[set=1]' });
  expect(ba.inputs).toEqual({ 'images[0]': 'b[set=1]', 'images[1]': 'a[set=1]' });
  expect(ab.manifest.inputs['images[0]']).toBe(ba.manifest.inputs['images[1]']);
  expect(ab.key).not.toBe(ba.key);
});

it('one name is a list of one, by the name of the role', () => {
  expect(joined('a').key).toBe(joined('[a]').key);
  expect(joined('a').inputs).toEqual({ images: 'a[set=1]' });
});

it('a list may be a value of an axis', () => {
  const text = BASE.replace('method:\n', 'sets: [[start, distil], start]\n  method:\n').replace(
    'score: { stage: evaluate, images: distil, epochs: 5 }',
    'score: { stage: join, images: $sets }',
  );
  const shapes = plan(text).nodes.filter(({ manifest }) => manifest.stage === 'join');
  expect(new Set(shapes.map(({ inputs }) => Object.keys(inputs).join()))).toEqual(
    new Set(['images[0],images[1]', 'images']),
  );
});

it('says what is wrong with one of them where it is written', () => {
  expect(page(stages('[a, c]'))).toMatchInlineSnapshot(`
    "
    x.yaml:7:35 The input \`images\` names \`c\`, which is no stage of this experiment.
          all: { stage: join, images: [a, c] }
                                          ~
        Stages that make synthetic-set: \`a\`, \`b\`.

    1 error.
    "
  `);
  expect(page(stages('[a, all]'))).toMatchInlineSnapshot(`
    "
    x.yaml:7:35 The input \`images\` takes synthetic-set, but the stage \`all\` (join) makes metrics.
          all: { stage: join, images: [a, all] }
                                          ~~~
        x.yaml:7:3 \`all\` is written here
              all: { stage: join, images: [a, all] }
              ~~~

    1 error.
    "
  `);
  expect(page(stages('[a, b, a]'))).toMatchInlineSnapshot(`
    "
    x.yaml:7:38 The input \`images\` names the stage \`a\` twice.
          all: { stage: join, images: [a, b, a] }
                                             ~

    1 error.
    "
  `);
  expect(page(stages('[]'))).toMatchInlineSnapshot(`
    "
    x.yaml:7:31 Expected \`images\` to be the name of a stage or a list of names, but found an empty list.
          all: { stage: join, images: [] }
                                      ~~

    1 error.
    "
  `);
  expect(page(stages('[a, 3]'))).toMatchInlineSnapshot(`
    "
    x.yaml:7:35 Expected \`images\` to be the name of a stage or a list of names, but found 3.
          all: { stage: join, images: [a, 3] }
                                          ~

    1 error.
    "
  `);
  expect(page(stages('[a, b]').replace('imagesPerClass: 2', 'imagesPerClass: 3'))).toMatchInlineSnapshot(`
    "
    x.yaml:7:35 \`b\` has three.
          all: { stage: join, images: [a, b] }
                                          ~
        x.yaml:6:39 \`imagesPerClass\` of \`b\`
              b: { stage: select, imagesPerClass: 3 }
                                                  ~

    1 error.
    "
  `);
  expect(page(stages('a').replace('imagesPerClass: 1', 'imagesPerClass: 3'))).toMatchInlineSnapshot(`
    "
    x.yaml:7:31 \`a\` has three.
          all: { stage: join, images: a }
                                      ~
        x.yaml:5:39 \`imagesPerClass\` of \`a\`
              a: { stage: select, imagesPerClass: 3 }
                                                  ~

    1 error.
    "
  `);
  expect(page(stages('[a]').replace('stage: join', 'stage: evaluate'))).toMatchInlineSnapshot(`
    "
    x.yaml:7:35 Expected \`images\` to be the name of a stage, but found a list.
          all: { stage: evaluate, images: [a] }
                                          ~~~

    1 error.
    "
  `);
});
