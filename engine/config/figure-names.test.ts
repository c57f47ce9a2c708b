/** A figure that no stage reports is found before anything runs, at its place and with the nearest name. */
import { expect, it } from 'vitest';
import { stageKinds } from '../../stages/registry.ts';
import { BASE, OPTIONS } from '../../test/rig/pages.ts';
import { formatDiagnostics } from './diagnostics.ts';
import { resolveExperiments } from './resolve.ts';

const SCORED = '{ stage: evaluate, images: distil, epochs: 5 }';

function told(metric: string, score = SCORED): string {
  const text = BASE.replace(/compare:.*/, `compare: { metric: ${metric} }`).replace(SCORED, score);
  const resolved = resolveExperiments([{ path: 'x.yaml', text }], [], { ...OPTIONS, stageKinds });
  return resolved.ok ? `right: ${resolved.value[0]?.metric}` : `\n${formatDiagnostics(resolved.error)}`;
}

it('a misspelt metric is refused', () => {
  expect(told('testLoss')).toBe('right: testLoss');
  expect(told('acuracy')).toMatchInlineSnapshot(`
    "
    x.yaml:14:20 No stage of the grid reports a figure \`acuracy\`.
        compare: { metric: acuracy }
                           ~~~~~~~
        Did you mean \`accuracy\`?

    1 error.
    "
  `);
  expect(told('reward')).toContain('Figures: `accuracy`, `testLoss`,');
});

it('where a program of the user reports figures, any name may be one', () => {
  expect(told('reward', '{ stage: command, run: [python, score.py], images: distil }')).toBe('right: reward');
});
