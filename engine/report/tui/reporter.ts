/**
 * The live view as a reporter: collects events, and at most ten times a second reduces them and draws a frame. What must
 * outlive the view (warnings, failures) is written as plain lines once it is gone. Where the terminal has a keyboard, keys
 * go to `interaction.ts`, and what they ask for to whoever owns the run.
 */
import type { Reporter, RunEvent } from '../../events.ts';
import { type Output, plainLines } from '../plain.ts';
import type { FrameProps } from './frame.tsx';
import { type Action, AT_REST, type Interaction, type Key, onKey } from './interaction.ts';
import { lastLines } from './last-lines.ts';
import type { Marks } from './marks.ts';
import type { Mounted } from './mount.tsx';
import { advance, EMPTY } from './view-model.ts';

/** Milliseconds between frames; and when nothing happened, so that clocks move on. */
const FRAME_MS = 100;
const IDLE_MS = 1000;

export interface Controls {
  readonly stdin: NodeJS.ReadStream;
  /** Asks the run in a folder to stop, or one of its nodes. */
  cancel(folder: string, node: string | undefined): void;
  interrupt(): void;
  suspend(): void;
  /** The view is gone; absent: lines take its place and the run goes on. */
  left?(): void;
}

export interface TuiOptions {
  readonly stdout: NodeJS.WriteStream;
  /** Where the lines go that stay. */
  readonly lasting: Output;
  readonly colour: boolean;
  readonly marks: Marks;
  readonly controls?: Controls;
  /** Also where everything is there already: somebody wants to look. */
  readonly atOnce?: boolean;
}

export function tuiReporter({ stdout, lasting, colour, marks, controls, atOnce = false }: TuiOptions): Reporter {
  const describe = plainLines();
  const kept: string[] = [];
  let pending: RunEvent[] = [];
  let model = EMPTY;
  let view: Interaction | undefined = controls && AT_REST;
  let drawnAt = 0;
  let loading: Promise<void> | undefined;
  let mounted: Mounted | undefined;
  let closed = false;

  const frame = (): FrameProps => {
    const rows = stdout.rows || 24;
    const log = view?.mode === 'log' ? model.nodes.get(view.selected ?? '')?.log : undefined;
    return {
      model,
      now: Date.now(),
      columns: stdout.columns || 80,
      rows,
      colour,
      marks,
      ...(view && { view }),
      ...(log !== undefined && { logLines: lastLines(log, rows) }),
    };
  };
  const draw = (force = false) => {
    if (!force && pending.length === 0 && Date.now() - drawnAt < IDLE_MS) return;
    model = advance(model, pending);
    pending = [];
    drawnAt = Date.now();
    mounted?.show(frame());
  };
  const timer = setInterval(draw, FRAME_MS);
  timer.unref();
  const resized = () => draw(true);
  stdout.on('resize', resized);

  const takeAway = () => {
    closed = true;
    clearInterval(timer);
    stdout.off('resize', resized);
    mounted?.unmount();
    mounted = undefined;
  };
  const act = (action: Action) => {
    switch (action.do) {
      case 'cancel':
        controls?.cancel(model.folder, action.node);
        return;
      case 'interrupt':
        controls?.interrupt();
        return;
      case 'suspend':
        controls?.suspend();
        draw(true);
        return;
      case 'leave':
        takeAway();
        for (const line of kept.splice(0)) lasting.write(`${line}\n`);
        controls?.left?.();
    }
  };
  const pressed = (key: Key) => {
    if (!view || closed) return;
    const answer = onKey(view, key, model);
    view = answer.view;
    if (answer.action) act(answer.action);
    if (!closed) draw(true);
  };
  const open = async () => {
    const { mount } = await import('./mount.tsx');
    if (closed) return;
    mounted = mount(stdout, frame(), controls && { stdin: controls.stdin, onKey: pressed });
  };

  return {
    onEvent(event) {
      const lines = describe(event);
      if (closed) {
        for (const line of lines) lasting.write(`${line}\n`);
        return;
      }
      pending.push(event);
      if (outlives(event)) kept.push(...lines);
      if (atOnce || event.type === 'node-started' || event.type === 'node-joined') loading ??= open();
    },
    async close() {
      if (!closed) takeAway();
      await loading;
      mounted?.unmount();
      for (const line of kept.splice(0)) lasting.write(`${line}\n`);
    },
  };
}

function outlives(event: RunEvent): boolean {
  return event.type === 'warning' || (event.type === 'node-failed' && !event.willRetry);
}
