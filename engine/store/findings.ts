/** What a verification finds, and what its parts tell each other. */
import type { NodeName } from './node-names.ts';
import type { Store } from './store.ts';

export const PARTS = ['objects', 'keys', 'hints', 'checkpoints', 'runs', 'published', 'index'] as const;
export type Part = (typeof PARTS)[number];

export type Finding =
  /** So many more files and bytes are checked. */
  | { readonly type: 'checked'; readonly part: Part; readonly files: number; readonly bytes: number }
  /** Nothing to worry about, but worth a line. */
  | { readonly type: 'note'; readonly part: Part; readonly place: string; readonly message: string }
  | {
      readonly type: 'damage';
      readonly part: Part;
      readonly place: string;
      readonly message: string;
      /** Whose results are concerned, as people name them. */
      readonly nodes: readonly string[];
      readonly help: string;
      /** Put aside by a repair, so that it is made anew; absent where another command mends it. */
      readonly aside?: readonly string[];
    };

export type Damage = Extract<Finding, { type: 'damage' }>;

/** What the parts tell each other. */
export interface Verifying {
  readonly store: Store;
  readonly names: ReadonlyMap<string, NodeName>;
  /** Digest → keys whose records name it. */
  readonly users: Map<string, string[]>;
  /** Objects that are there, with what is wrong of some. */
  readonly badObjects: Set<string>;
}

export const RUN_AGAIN =
  'then a run makes it anew; with `retort run FILE --only NODE` even where all that reads it is there.';
export const REPAIR = `\`retort verify --repair\` puts it aside; ${RUN_AGAIN}`;
