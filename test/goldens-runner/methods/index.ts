/** Golden methods that can be evaluated; a case of any other is skipped and listed. */
import type { Evaluator } from '../evaluator.ts';
import { bnTransfer } from './bn-transfer.ts';
import { cda } from './cda.ts';
import { d4m } from './d4m.ts';
import { dc } from './dc.ts';
import { dcEvaluation } from './dc-evaluation.ts';
import { dd } from './dd.ts';
import { ddRanking } from './dd-ranking.ts';
import { diffusion } from './diffusion.ts';
import { dim } from './dim.ts';
import { dm } from './dm.ts';
import { dsa } from './dsa.ts';
import { evaluation } from './evaluation.ts';
import { fid } from './fid.ts';
import { fkd } from './fkd.ts';
import { gvbsm } from './gvbsm.ts';
import { irg } from './irg.ts';
import { labelNoise } from './label-noise.ts';
import { lors } from './lors.ts';
import { mtt } from './mtt.ts';
import { networks } from './networks.ts';
import { relabel } from './relabel.ts';
import { retrieval } from './retrieval.ts';
import { softLabels } from './soft-labels.ts';
import { sre2l } from './sre2l.ts';
import { tesla } from './tesla.ts';
import { vae } from './vae.ts';
import { vlDistill } from './vl-distill.ts';
import { zca } from './zca.ts';

export const evaluators: Readonly<Record<string, Evaluator>> = {
  networks,
  DC: dc,
  'DC evaluation': dcEvaluation,
  evaluation,
  'DD-Ranking': ddRanking,
  'SRe2L/G-VBSM': softLabels,
  DSA: dsa,
  DM: dm,
  ReLabel: relabel,
  MTT: mtt,
  TESLA: tesla,
  DD: dd,
  ZCA: zca,
  FID: fid,
  SRe2L: sre2l,
  CDA: cda,
  FKD: fkd,
  'G-VBSM': gvbsm,
  'BN transfer': bnTransfer,
  'noisy labels': labelNoise,
  IRG: irg,
  DiM: dim,
  VAE: vae,
  diffusion,
  D4M: d4m,
  'VL evaluation': retrieval,
  'VL-Distill': vlDistill,
  LoRS: lors,
};
