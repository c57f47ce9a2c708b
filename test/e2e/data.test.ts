/** Data sets as users meet them: what `retort data` says of them, and an experiment on a part of one. */
import { expect, it } from 'vitest';
import { tinyExperiment } from '../rig/experiments.ts';
import { Project } from '../rig/retort.ts';

it('says what each set needs and where users get it, and all that is known of one', async () => {
  const project = new Project();
  const all = await project.retort(['data']);
  expect(all.code).toBe(0);
  expect(all.stdout).toMatch(/fashion-mnist +train-images-idx3-ubyte.* Fashion-MNIST, bundled subset/);
  expect(all.stdout).toContain('imagewoof: Its archives are at');
  const one = await project.retort(['data', 'cifar100']);
  expect(one.stdout).toContain('cifar-100-binary.tar.gz md5:03b5dce01913d631647c71ecec9e9cb8');
  expect(one.stdout).toContain('0.5071 0.4866 0.4409; 0.2673 0.2564 0.2762');
  expect(one.stdout).toMatch(/mtt +0\.4914 0\.4822 0\.4465/);
  expect(one.stdout).toContain('99 worm');
  const archived = (await project.retort(['data', 'imagenette'])).stdout.replace(/\s+/g, ' ');
  expect(archived).toContain('9,469 training and 3,925 test images in its archives, at most 13,000');
  const wrong = await project.retort(['data', 'cifar1000']);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain('Did you mean `cifar100`?');
});

it('a part of a set: every stage sees it, and the same part written otherwise is the same', async () => {
  const part = (text: string) => tinyExperiment({ sets: 1 }).replace('{ set: fashion-mnist }', text);
  const project = new Project().write({
    'tiny.yaml': part('{ set: fashion-mnist, classes: [Sandal, 7], trainPerClass: 20 }'),
    'other.yaml': part('{ set: fashion-mnist, classes: [5, sneaker], trainPerClass: 20 }'),
    'whole.yaml': part('{ set: fashion-mnist, train: 8000 }'),
  });
  const first = await project.retort(['run', 'tiny.yaml']);
  expect(first.stderr).toContain('4 nodes: 4 run, 0 hits');
  expect(first.stdout).toContain('Fashion-MNIST, bundled subset (2 of 10 classes, 40 train, 400 test)');
  const same = await project.retort(['run', 'other.yaml']);
  expect(same.stderr).toContain('4 nodes: 0 run, 4 hits');
  const plan = await project.retort(['plan', 'whole.yaml']);
  expect(plan.stdout).toContain('Fashion-MNIST, bundled subset (8,000 train, 2,000 test)');
  expect(plan.stdout).toContain('4 to run');
});
