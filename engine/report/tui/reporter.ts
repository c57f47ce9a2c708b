/**
 * The live view as a reporter: collects events, and at most ten times a second reduces them and draws a frame. What must
 * outlive the view (warnings, failures) is written as plain lines once it is gone.
 */
import type { Reporter, RunEvent } from '../../events.ts';
import { type Output, plainLines } from '../plain.ts';
import type { FrameProps } from './frame.tsx';
import type { Marks } from './marks.ts';
import type { Mounted } from './mount.tsx';
import { advance, EMPTY } from './view-model.ts';

/** Milliseconds between frames; and when nothing happened, so that clocks move on. */
const FRAME_MS = 100;
const IDLE_MS = 1000;

export interface TuiOptions {
  readonly stdout: NodeJS.WriteStream;
  /** Where the lines go that stay. */
  readonly lasting: Output;
  readonly colour: boolean;
  readonly marks: Marks;
}

export function tuiReporter({ stdout, lasting, colour, marks }: TuiOptions): Reporter {
  const describe = plainLines();
  const kept: string[] = [];
  let pending: RunEvent[] = [];
  let model = EMPTY;
  let drawnAt = 0;
  let loading: Promise<void> | undefined;
  let mounted: Mounted | undefined;
  let closed = false;

  const frame = (): FrameProps => ({
    model,
    now: Date.now(),
    columns: stdout.columns || 80,
    rows: stdout.rows || 24,
    colour,
    marks,
  });
  const draw = () => {
    if (pending.length === 0 && Date.now() - drawnAt < IDLE_MS) return;
    model = advance(model, pending);
    pending = [];
    drawnAt = Date.now();
    mounted?.show(frame());
  };
  const timer = setInterval(draw, FRAME_MS);
  timer.unref();
  stdout.on('resize', draw);

  const open = async () => {
    const { mount } = await import('./mount.tsx');
    if (!closed) mounted = mount(stdout, frame());
  };

  return {
    onEvent(event) {
      pending.push(event);
      if (outlives(event)) kept.push(...describe(event));
      if (event.type === 'node-started' || event.type === 'node-joined') loading ??= open();
    },
    async close() {
      closed = true;
      clearInterval(timer);
      stdout.off('resize', draw);
      await loading;
      mounted?.unmount();
      for (const line of kept) lasting.write(`${line}\n`);
    },
  };
}

function outlives(event: RunEvent): boolean {
  return event.type === 'warning' || (event.type === 'node-failed' && !event.willRetry);
}
