#!/usr/bin/env node
/** The binary. Signals are heard before anything else is loaded: no module runs before all that it imports are read. */
import './early-signals.ts';

const { runCommandLine } = await import('./command-line.ts');
await runCommandLine();
