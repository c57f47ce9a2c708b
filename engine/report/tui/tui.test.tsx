/** The reducer without a terminal; frames as text at three widths. Long because frames stand whole. */
import { render } from 'ink-testing-library';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../events.ts';
import { at, exampleEvents, examplePlan } from '../recorded-run.ts';
import { Frame, type FrameProps } from './frame.tsx';
import { AT_REST, type Interaction, type Key, matching, onKey } from './interaction.ts';
import { ASCII, progressBar, shorten, sparkline, UNICODE } from './marks.ts';
import { advance, EMPTY, secondsLeft, type ViewModel } from './view-model.ts';
import { chooseNodes, heatMap, scrolled } from './window.ts';

const START = Date.parse('2026-03-01T12:00:00.000Z');
const MATCHED = 'distil[method=dm,set=0]';

/** The recorded run up to a second. */
function until(seconds: number): ViewModel {
  return advance(
    EMPTY,
    exampleEvents().filter((event) => Date.parse(event.at) <= START + 1000 * seconds),
  );
}

/** A grid of `sets` x 2 x 5 nodes, of which the first are done and a few run. */
function bigGrid(sets: number): ViewModel {
  const plan = examplePlan(sets, 4);
  const events: RunEvent[] = [
    at(0, { type: 'run-started', run: 'r', folder: 'runs/r', plan, continues: false }),
    ...plan.nodes
      .slice(0, sets)
      .flatMap(({ id }, index) => [
        at(index, { type: 'node-started', node: id, attempt: 1, fromStep: 0, steps: 10, log: 'l' }),
        at(index + 1, { type: 'node-done', node: id, metrics: { accuracy: 0.5 }, seconds: 1, artifacts: {} }),
      ]),
    ...plan.nodes
      .slice(sets, sets + 2)
      .flatMap(({ id }) => [
        at(100, { type: 'node-started', node: id, attempt: 1, fromStep: 0, steps: 10, log: 'l' }),
        at(101, { type: 'node-progress', node: id, step: 4, steps: 10, figures: { loss: 2.5 } }),
      ]),
  ];
  return advance(EMPTY, events);
}

function frameOf(
  model: ViewModel,
  columns: number,
  rows: number,
  seconds = 21.5,
  marks = UNICODE,
  more: Partial<FrameProps> = {},
): string {
  const { lastFrame, unmount } = render(
    <Frame
      model={model}
      now={START + 1000 * seconds}
      columns={columns}
      rows={rows}
      colour={false}
      marks={marks}
      {...more}
    />,
  );
  const frame = lastFrame() ?? '';
  unmount();
  return frame;
}

describe('reducer', () => {
  it('counts nodes by state at every moment', () => {
    expect(until(0).counts).toMatchObject({ waiting: 4, hit: 0, running: 0 });
    expect(until(1).counts).toMatchObject({ waiting: 1, hit: 1, running: 2 });
    expect(until(30).counts).toMatchObject({ waiting: 0, hit: 1, running: 0, done: 1, failed: 1, skipped: 1 });
    expect(until(30).finished).toBe(true);
  });

  it('knows rate, time left and the recent losses', () => {
    const node = until(20.4).nodes.get(MATCHED);
    if (!node) throw new Error('expected the node');
    expect(node).toMatchObject({ state: 'running', step: 120, steps: 300, history: [9.25, 7.5, 6.75, 6] });
    expect(node.rate).toBeCloseTo(6, 10);
    expect(secondsLeft(node, START + 20_200)).toBeCloseTo(30, 8);
    expect(secondsLeft(node, START + 30_200)).toBeCloseTo(20, 8);
  });

  it('gives the same whether events come one by one or at once', () => {
    const events = exampleEvents();
    expect(events.reduce((model, event) => advance(model, [event]), EMPTY)).toEqual(advance(EMPTY, events));
  });

  it('leaves the model it was given as it was', () => {
    const before = until(1);
    const copy = structuredClone(before);
    advance(before, exampleEvents().slice(4));
    expect(before).toEqual(copy);
  });

  it('a retry waits again and says why', () => {
    const model = advance(until(1), [
      at(2, {
        type: 'node-failed',
        node: MATCHED,
        failure: { code: 'CHILD_ENDED', message: 'The child was killed.' },
        log: 'l',
        willRetry: true,
      }),
    ]);
    expect(model.nodes.get(MATCHED)).toMatchObject({
      state: 'waiting',
      note: 'will be tried again: The child was killed.',
    });
    expect(model.counts).toMatchObject({ waiting: 2, failed: 0 });
  });

  it('keeps the last three warnings and the word about an interruption', () => {
    const warnings = ['a', 'b', 'c', 'd'].map((message, index) => at(index, { type: 'warning', message }));
    const model = advance(EMPTY, [...warnings, at(5, { type: 'interrupt', message: 'checkpointing' })]);
    expect(model.warnings).toEqual(['b', 'c', 'd']);
    expect(model.interrupt).toBe('checkpointing');
  });
});

describe('window', () => {
  it('shows everything that fits, in the order of the plan', () => {
    const model = until(30);
    expect(chooseNodes(model, 4)).toEqual({ shown: [...model.nodes.values()], hidden: 0 });
  });

  it('keeps what runs when little fits', () => {
    const model = bigGrid(50);
    const { shown, hidden } = chooseNodes(model, 6);
    expect(shown.map(({ state }) => state)).toEqual(['done', 'done', 'running', 'running', 'waiting']);
    expect(shown.length + hidden).toBe(500);
  });

  it('bins the grid by its most urgent state', () => {
    expect(heatMap(bigGrid(50), 10)).toEqual(['done', 'running', ...Array.from({ length: 8 }, () => 'waiting')]);
  });
});

describe('marks', () => {
  it('bars, sparklines and shortened names', () => {
    expect(progressBar(0.5, 10, UNICODE)).toBe('█████░░░░░');
    expect(progressBar(7, 4, ASCII)).toBe('####');
    expect(sparkline([9.25, 7.5, 6.75, 6], 8, UNICODE)).toBe('█▄▃▁');
    expect(sparkline([1, Number.NaN, 1], 8, UNICODE)).toBe('▁ ▁');
    expect(shorten('distil[method=dm,set=12]', 16, UNICODE)).toBe('distil…m,set=12]');
    expect(shorten('short', 16, UNICODE)).toBe('short');
  });
});

describe('frames', () => {
  it('40 columns', () => {
    expect(frameOf(until(21.5), 40, 24)).toMatchInlineSnapshot(`
      "distribution m…MNIST, bundled subset 22s
      ███████░░░░░░░░░░░░░░░░░░░░ 1 of 4 nodes
      ▶ 2 running  = 1 hit  · 1 waiting
      = distil[random,0]   hit
      ▶ score[random,0,0]    0%
      ▶ distil[dm,0]        40% 29s left
      · score[dm,0,0]
      ! distil[method=dm,set=0]: two figures …"
    `);
  });

  it('80 columns', () => {
    expect(frameOf(until(21.5), 80, 24)).toMatchInlineSnapshot(`
      "distribution matching · Fashion-MNIST, bundled subset                        22s
      █████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 1 of 4 nodes, 0 of 2 cells
      ▶ 2 running  = 1 hit  · 1 waiting
      = distil[random,0]   hit
      ▶ score[random,0,0]  ░░░░░░░░░░░░   0%
      ▶ distil[dm,0]       █████░░░░░░░  40% 6.0/s       29s left     loss 6
      · score[dm,0,0]
      ! distil[method=dm,set=0]: two figures were not finite"
    `);
  });

  it('200 columns', () => {
    expect(frameOf(until(21.5), 200, 24)).toMatchInlineSnapshot(`
      "distribution matching · Fashion-MNIST, bundled subset                                                                                                                                                22s
      ███████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 1 of 4 nodes, 0 of 2 cells
      ▶ 2 running  = 1 hit  · 1 waiting
      = distil[method=random,set=0]             hit
      ▶ score[method=random,set=0,evaluation=0] ░░░░░░░░░░░░   0%
      ▶ distil[method=dm,set=0]                 █████░░░░░░░  40% 6.0/s       29s left     loss 6          █▄▃▁
      · score[method=dm,set=0,evaluation=0]
      ! distil[method=dm,set=0]: two figures were not finite"
    `);
  });

  it('after the end, in ASCII', () => {
    expect(frameOf(until(30), 100, 24, 30, ASCII)).toMatchInlineSnapshot(`
      "distribution matching | Fashion-MNIST, bundled subset                                            30s
      ############################################################ 4 of 4 nodes, 2 of 2 cells (1 failed)
      + 1 done  = 1 hit  x 1 failed  - 1 skipped
      = distil[method=random,set=0]             hit
      + score[method=random,set=0,evaluation=0] done in 22s, accuracy 75.2%
      x distil[method=dm,set=0]                 The loss of step 121 is not a number.
      - score[method=dm,set=0,evaluation=0]     not run, since a node it needs failed
      ! distil[method=dm,set=0]: two figures were not finite"
    `);
  });

  it('500 nodes', () => {
    expect(frameOf(bigGrid(50), 80, 24, 102)).toMatchInlineSnapshot(`
      "distribution matching · Fashion-MNIST, bundled subset                     1m 42s
      █████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 50 of 500 nodes, 0 of 2 cells
      ▶ 2 running  ✓ 50 done  · 448 waiting
      ✓✓✓✓✓✓✓✓✓✓✓✓▶···································································
      ·············································
      ✓ score[random,8,1]  done in 1.0s, accuracy 50.0%
      ✓ score[random,8,2]  done in 1.0s, accuracy 50.0%
      ✓ score[random,8,3]  done in 1.0s, accuracy 50.0%
      ✓ distil[random,9]   done in 1.0s, accuracy 50.0%
      ✓ score[random,9,0]  done in 1.0s, accuracy 50.0%
      ✓ score[random,9,1]  done in 1.0s, accuracy 50.0%
      ✓ score[random,9,2]  done in 1.0s, accuracy 50.0%
      ✓ score[random,9,3]  done in 1.0s, accuracy 50.0%
      ▶ distil[random,10]  █████░░░░░░░  40% 4.0/s       0.5s left    loss 2.5
      ▶ score[random,10,0] █████░░░░░░░  40% 4.0/s       0.5s left    loss 2.5
      · score[random,10,1]
      · score[random,10,2]
      · score[random,10,3]
      · distil[random,11]
      · score[random,11,0]
      · score[random,11,1]
      · score[random,11,2]
        … and 483 more nodes"
    `);
  });

  it('40 columns, interrupted: what another Ctrl-C does is not cut off', () => {
    const message = 'Finishing the current steps and writing checkpoints; press Ctrl-C again to stop now (only …).';
    for (const rows of [6, 24]) {
      const model = advance(bigGrid(50), [at(103, { type: 'interrupt', message })]);
      const lines = frameOf(model, 40, rows, 104).split('\n');
      expect(lines.length).toBeLessThan(rows);
      expect(lines.join('\n').includes('checkpoints; press Ctrl-C again to stop\n')).toBe(rows === 24);
    }
  });

  it('stays below the height and within the width of every terminal', () => {
    for (const sets of [1, 50])
      for (const columns of [20, 40, 80, 200])
        for (const rows of [4, 6, 10, 24, 60]) {
          const lines = frameOf(bigGrid(sets), columns, rows, 102).split('\n');
          expect(lines.length, `${sets} sets, ${columns} x ${rows}`).toBeLessThan(rows);
          for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(columns);
        }
  });

  it('draws no colour codes unless told to', () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character is what is looked for.
    expect(frameOf(until(21.5), 80, 24)).not.toMatch(/\u001b/);
  });
});

/** Keys one after the other: characters, or names in angle brackets. */
function pressing(keys: string, model: ViewModel): { view: Interaction; actions: unknown[] } {
  const actions: unknown[] = [];
  let view = AT_REST;
  for (const part of keys.match(/<\w+>|[^<]/g) ?? []) {
    const key = (part.startsWith('<') ? { input: '', name: part.slice(1, -1) } : { input: part }) as Key;
    const answer = onKey(view, key, model);
    view = answer.view;
    if (answer.action) actions.push(answer.action);
  }
  return { view, actions };
}

describe('keys', () => {
  it('filter by id or state, while typing; Escape shows all again', () => {
    const model = until(21.5);
    expect(pressing('/dm', model).view).toMatchObject({ mode: 'filter', filter: 'dm' });
    expect(matching(model, 'dm').map(({ id }) => id)).toEqual([MATCHED, 'score[method=dm,set=0,evaluation=0]']);
    expect(matching(model, 'run').map(({ state }) => state)).toEqual(['running', 'running']);
    expect(pressing('/dx<backspace>m<return>', model).view).toEqual({ mode: 'list', filter: 'dm' });
    expect(pressing('/dm<return><escape>', model).view).toEqual(AT_REST);
    // Keys are text while a filter is typed.
    expect(pressing('/qc', model)).toEqual({ view: { mode: 'filter', filter: 'qc' }, actions: [] });
  });

  it('select begins at what runs and stays inside the list', () => {
    const model = until(21.5);
    expect(pressing('<down>', model).view.selected).toBe('score[method=random,set=0,evaluation=0]');
    expect(pressing('jjjjjj', model).view.selected).toBe('score[method=dm,set=0,evaluation=0]');
    expect(pressing('jkkkkk', model).view.selected).toBe('distil[method=random,set=0]');
    expect(pressing('/nothing<return>j', model).view.note).toBe('No node matches.');
  });

  it('cancels only after a yes, and only what can be cancelled', () => {
    const model = until(21.5);
    expect(pressing('c', model)).toMatchObject({ actions: [], view: { mode: 'list' } });
    expect(pressing('jcn', model)).toMatchObject({
      actions: [],
      view: { mode: 'list', note: 'Nothing is cancelled.' },
    });
    expect(pressing('jjcy', model).actions).toEqual([{ do: 'cancel', node: MATCHED }]);
    expect(pressing('Cy', model).actions).toEqual([{ do: 'cancel' }]);
    expect(pressing('jkc', model).view.note).toContain('nothing to cancel');
  });

  it('opens the log of what has one; leaves; hands Ctrl-C over in every mode', () => {
    const model = until(21.5);
    expect(pressing('jl', model).view.mode).toBe('log');
    expect(pressing('jl<escape>', model).view.mode).toBe('list');
    expect(pressing('jkl', model).view.note).toContain('has no log');
    expect(pressing('q', model).actions).toEqual([{ do: 'leave' }]);
    for (const before of ['', '/x', 'jl', 'C'])
      expect(pressing(`${before}<interrupt>`, model).actions, before).toEqual([{ do: 'interrupt' }]);
  });

  it('a list scrolls around what is selected', () => {
    const nodes = [...bigGrid(50).nodes.values()];
    const around = (at: number) => scrolled(nodes, nodes[at]?.id, 6);
    expect(around(0).shown[0]).toBe(nodes[0]);
    expect(around(250).shown).toEqual(nodes.slice(248, 253));
    expect(around(499).shown.at(-1)).toBe(nodes[499]);
    expect(around(250).hidden).toBe(495);
  });
});

describe('frames with keys', () => {
  const selected = (model: ViewModel, keys: string) => ({ view: pressing(keys, model).view });

  it('40 columns, a node selected, a question', () => {
    const model = until(21.5);
    expect(frameOf(model, 40, 24, 21.5, UNICODE, selected(model, 'jj'))).toMatchInlineSnapshot(`
      "distribution m…MNIST, bundled subset 22s
      ███████░░░░░░░░░░░░░░░░░░░░ 1 of 4 nodes
      ▶ 2 running  = 1 hit  · 1 waiting
      = distil[random,0]   hit
      ▶ score[random,0,0]    0%
      ❯ distil[dm,0]        40% 29s left
      · score[dm,0,0]
      ! distil[method=dm,set=0]: two figures …
      distil[method=dm,set=0]   l log   c can…"
    `);
    expect(frameOf(model, 40, 24, 21.5, UNICODE, selected(model, 'C')).split('\n').at(-1)).toBe(
      'Cancel the whole run? y / n',
    );
  });

  it('80 columns, 500 nodes, filtered', () => {
    const model = bigGrid(50);
    expect(frameOf(model, 80, 16, 102, UNICODE, selected(model, '/dm,set=1<return>j'))).toMatchInlineSnapshot(`
      "distribution matching · Fashion-MNIST, bundled subset                     1m 42s
      █████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 50 of 500 nodes, 0 of 2 cells
      ▶ 2 running  ✓ 50 done  · 448 waiting
      ✓✓✓✓✓✓✓✓✓✓✓✓▶···································································
      ·············································
      ❯ distil[dm,1]
      · score[dm,1,0]
      · score[dm,1,1]
      · score[dm,1,2]
      · score[dm,1,3]
      · distil[dm,10]
      · score[dm,10,0]
      · score[dm,10,1]
        … and 47 more nodes
      filter: dm,set=1   Esc all"
    `);
  });

  it('200 columns, a log', () => {
    const model = until(21.5);
    const more = { ...selected(model, 'jl'), logLines: ['step 1', 'step 2'] };
    expect(frameOf(model, 200, 24, 21.5, UNICODE, more)).toMatchInlineSnapshot(`
      "distribution matching · Fashion-MNIST, bundled subset                                                                                                                                                22s
      ███████████████░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 1 of 4 nodes, 0 of 2 cells
      ▶ 2 running  = 1 hit  · 1 waiting
      step 1
      step 2
      ! distil[method=dm,set=0]: two figures were not finite
      log of score[method=random,set=0,evaluation=0]   Esc back"
    `);
  });

  it('stay below the height and within the width, whatever is open', () => {
    const model = bigGrid(50);
    for (const keys of ['', 'j', '/set=1', 'jl', 'C', 'jc'])
      for (const columns of [20, 40, 80, 200])
        for (const rows of [4, 6, 10, 24]) {
          const more = { ...selected(model, keys), logLines: Array.from({ length: 60 }, () => 'x'.repeat(300)) };
          const lines = frameOf(model, columns, rows, 102, UNICODE, more).split('\n');
          expect(lines.length, `${keys}, ${columns} x ${rows}`).toBeLessThan(rows);
          for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(columns);
        }
  });
});
