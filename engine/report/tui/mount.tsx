/** The only file that starts ink; loaded when something has begun to run, so that plain and hit-only runs never pay for it. */
import { render } from 'ink';
import { Frame, type FrameProps } from './frame.tsx';

export interface Mounted {
  show(props: FrameProps): void;
  /** Takes the view away and gives the terminal back. */
  unmount(): void;
}

export function mount(stdout: NodeJS.WriteStream, first: FrameProps): Mounted {
  // Ctrl-C stays a signal: the command line decides what the first and the second one mean.
  const ink = render(<Frame {...first} />, { stdout, exitOnCtrlC: false, maxFps: 10 });
  return {
    show: (props) => ink.rerender(<Frame {...props} />),
    unmount() {
      ink.rerender(null);
      ink.unmount();
    },
  };
}
