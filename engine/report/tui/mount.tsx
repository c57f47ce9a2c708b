/** The only file that starts ink; loaded when something has begun to run, so that plain and hit-only runs never pay for it. */
import { type Key as InkKey, render, useInput } from 'ink';
import type { ReactNode } from 'react';
import { Frame, type FrameProps } from './frame.tsx';
import type { Key } from './interaction.ts';

export interface Mounted {
  show(props: FrameProps): void;
  /** Takes the view away and gives the terminal back. */
  unmount(): void;
}

export interface Keyboard {
  readonly stdin: NodeJS.ReadStream;
  onKey(key: Key): void;
}

export function mount(stdout: NodeJS.WriteStream, first: FrameProps, keyboard?: Keyboard): Mounted {
  const whole = (props: FrameProps): ReactNode => (
    <>
      <Frame {...props} />
      {keyboard ? <Keys onKey={keyboard.onKey} /> : null}
    </>
  );
  // Ctrl-C stays a signal: the command line decides what the first and the second one mean.
  const ink = render(whole(first), {
    stdout,
    exitOnCtrlC: false,
    maxFps: 10,
    ...(keyboard && { stdin: keyboard.stdin }),
  });
  return {
    show: (props) => ink.rerender(whole(props)),
    unmount() {
      ink.rerender(null);
      ink.unmount();
    },
  };
}

function Keys({ onKey }: { onKey(key: Key): void }): ReactNode {
  useInput((input, key) => {
    for (const one of keysOf(input, key)) onKey(one);
  });
  return null;
}

/** What was typed fast, or pasted, comes as one piece. */
function keysOf(input: string, key: InkKey): Key[] {
  const name = nameOf(input, key);
  if (name) return [{ input: '', name }];
  if (key.ctrl || key.meta) return [];
  return [...input].flatMap((character): Key[] => {
    if (character === '\r' || character === '\n') return [{ input: '', name: 'return' }];
    return character >= ' ' ? [{ input: character }] : [];
  });
}

function nameOf(input: string, key: InkKey): Key['name'] {
  if (key.ctrl && input === 'c') return 'interrupt';
  if (key.ctrl && input === 'z') return 'suspend';
  if (key.upArrow) return 'up';
  if (key.downArrow) return 'down';
  if (key.return) return 'return';
  if (key.escape) return 'escape';
  return key.backspace || key.delete ? 'backspace' : undefined;
}
