/** Every stage kind. To add one: its folder, a line here, and a case in `test/rig/stage-cases.ts`. */
import { buffer } from './buffer/index.ts';
import { command } from './command/index.ts';
import { evaluate } from './evaluate/index.ts';
import { importNetwork } from './import/index.ts';
import { match } from './match/index.ts';
import { pretrain } from './pretrain/index.ts';
import { rank } from './rank/index.ts';
import { recover } from './recover/index.ts';
import { relabel } from './relabel/index.ts';
import { select } from './select/index.ts';
import { squeeze } from './squeeze/index.ts';
import type { StageKind } from './stage.ts';
import { statistics } from './statistics/index.ts';
import { zca } from './zca/index.ts';

export const stageKinds: readonly StageKind[] = [
  select,
  match,
  evaluate,
  zca,
  buffer,
  pretrain,
  squeeze,
  importNetwork,
  statistics,
  recover,
  relabel,
  rank,
  command,
];

export function stageKind(kind: string): StageKind | undefined {
  return stageKinds.find((candidate) => candidate.kind === kind);
}
