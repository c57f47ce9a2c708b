/**
 * A teacher: the training of `pretrain`, but one network for all replicates. What is recovered from a teacher differs by
 * set alone, and every network that is evaluated has learned from the same one.
 */
import { pretrain } from '../pretrain/index.ts';
import type { StageKind } from '../stage.ts';

export const squeeze: StageKind = {
  ...pretrain,
  kind: 'squeeze',
  version: 1,
  description: 'Trains one teacher on the real images; its weights and running statistics are what is kept of them.',
  replicates: [],
};
