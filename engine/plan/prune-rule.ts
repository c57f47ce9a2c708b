/** When a cell is given up: what an experiment says under `prune`, defaults filled in. Data only. */
export interface PruneRule {
  readonly rule: 'median' | 'asha' | 'threshold';
  /** The figure of evaluations that is looked at. */
  readonly metric: string;
  /** Steps, or fractions of a stage's steps, at which cells are judged; every snapshot when absent. */
  readonly at?: readonly number[];
  /** Of `asha`: one in so many goes on. */
  readonly eta: number;
  /** Of `threshold`: what is worse is given up. */
  readonly threshold?: number;
  /** Evaluations of a snapshot that a cell must have before it is judged. */
  readonly minReplicates: number;
  /** Of `median` and `asha`: cells that must have been evaluated there, the judged one among them. */
  readonly minCells: number;
  /** Axes whose values must be equal in cells that are compared. */
  readonly within: readonly string[];
}
