/** What would run and what is there already; writes nothing, and runs nothing but the few steps that `--probe` asks for. */

import type { Failure } from '../../../base/result.ts';
import { secondsTogether } from '../../plan/chain.ts';
import type { PlanDifference } from '../../plan/difference.ts';
import type { ResolvedExperiment } from '../../plan/experiment.ts';
import { limitsOf } from '../../plan/limits.ts';
import type { Plan, PlanNode } from '../../plan/plan.ts';
import { blockWidth, type TextColumn, textBlock } from '../../report/columns-of-text.ts';
import { differenceLines } from '../../report/difference-words.ts';
import { count, duration } from '../../report/wording.ts';
import { earlierResults } from '../../store/earlier-results.ts';
import type { Arguments } from '../arguments.ts';
import { differenceSince } from '../earlier-plan.ts';
import { EXIT } from '../exit-codes.ts';
import { inOneLine, print, tell } from '../output.ts';
import { rowsOf } from '../plan-rows.ts';
import { operandsOf, prepare } from '../prepare.ts';
import { type PlanPrice, priced, priceLines } from '../price.ts';
import { type Prospect, prospectsOf } from '../prospects.ts';
import { recordsOf, storeToRead } from '../results.ts';
import { restricted, selected } from '../selection.ts';
import { told } from '../told.ts';
import { resolvedValues, valueLines } from '../values.ts';

export async function run(args: Arguments): Promise<number> {
  const operands = operandsOf(args, 'plan');
  if (!operands.ok) return operands.exit;
  const prepared = await prepare(operands.value, args, { unseen: true });
  if (!prepared.ok) return prepared.exit;
  const store = told(storeToRead(args));
  if (!store.ok) return store.exit;
  if (args.has('values') && !args.has('json')) {
    print(prepared.value.map(({ plan, experiment }) => valuesPage(plan, experiment)).join('\n'));
    return EXIT.done;
  }
  const only = selected(
    prepared.value.map(({ plan }) => plan),
    args,
  );
  if (!only.ok) return only.exit;
  const found = prepared.value.map((one) => {
    const { plan: whole, ...rest } = one;
    const plan = restricted(whole, only.value);
    return {
      ...rest,
      plan,
      since: differenceSince(store.value, one),
      limits: limitsOf(plan, rest.experiment),
      records: recordsOf(store.value, plan),
    };
  });
  const misses = found.some(({ plan, records }) => records.size < plan.nodes.length);
  const earlier = store.value && misses ? await earlierResults(store.value) : [];
  const blind = found.map((one) => {
    const prospects = prospectsOf(one.plan, { store: store.value, records: one.records, earlier });
    return { ...one, prospects, price: priced(one.plan, prospects, earlier, one.limits, one) };
  });
  const unknown = args.has('probe') && blind.some(({ price }) => price.withoutHistory > 0);
  const probes = unknown ? await (await import('../probes.ts')).probeUnknown(blind, store.value) : undefined;
  if (probes?.interrupted) return EXIT.stopped;
  const looked = blind.map((one) => {
    const { plan, prospects, limits } = one;
    return probes ? { ...one, price: priced(plan, prospects, earlier, limits, one, probes.results) } : one;
  });
  if (args.has('json')) {
    const plans = looked.map(({ plan, experiment, unseen, since, prospects, price: { nodes, ...price } }) => ({
      ...plan,
      ...(since && { since }),
      ...(unseen && { unseen }),
      price: { ...price, savedSeconds: savedSeconds(prospects) },
      ...(probes && { probes: { probed: probes.probed, notProbed: probes.notProbed } }),
      nodes: prospects.map(({ node, ...prospect }, index) => {
        const { estimate, knownBytes } = nodes[index] ?? {};
        const { key, ...keyless } = node;
        return {
          ...(unseen ? keyless : { ...keyless, key }),
          ...prospect,
          ...(estimate && { estimate }),
          ...(knownBytes !== undefined && { knownBytes }),
        };
      }),
      ...(args.has('values') && { values: Object.fromEntries(resolvedValues(experiment)) }),
    }));
    print(`${JSON.stringify({ schema: 'retort-plans/1', plans }, null, 2)}\n`);
  } else print(looked.map(page).join('\n'));
  for (const { stage, why } of probes?.notProbed ?? []) tell(`No probe of ${stage}: ${why}.\n`);
  return EXIT.done;
}

function head(plan: Plan): string[] {
  const { sets, evaluations } = plan.replicates;
  return [
    `${plan.experiment.name} (${plan.experiment.file})`,
    `${plan.data.description}; backend ${plan.backend}; ${count(plan.cells.length, 'cell')} x ${count(sets, 'set')} x ${count(evaluations, 'evaluation')}`,
  ];
}

function valuesPage(plan: Plan, experiment: ResolvedExperiment): string {
  return `${[...head(plan), ...valueLines(experiment)].join('\n')}\n`;
}

interface Looked {
  readonly plan: Plan;
  readonly prospects: readonly Prospect[];
  readonly price: PlanPrice;
  readonly unseen?: Failure;
  readonly since: PlanDifference | undefined;
}

function page({ plan, prospects, price, unseen, since }: Looked): string {
  const rows = rowsOf(prospects, price);
  const name: TextColumn = { header: 'node', cells: rows.map((row) => row.node) };
  const wiring: TextColumn[] = [
    { header: 'stage', cells: rows.map(({ first }) => first.manifest.stage) },
    { header: 'needs', cells: rows.map(({ first }) => needs(first)) },
  ];
  const outlook: TextColumn[] = [
    { header: 'takes', cells: rows.map((row) => row.takes), right: true },
    { header: 'state', cells: rows.map((row) => row.says) },
  ];
  const whole = [name, ...wiring, ...outlook];
  // On a narrow terminal what is to happen counts more than how it hangs together.
  const fits = blockWidth(whole) <= (process.stdout.columns ?? Number.POSITIVE_INFINITY);
  const nodes = textBlock(fits ? whole : [name, ...outlook]);
  const hits = prospects.filter(({ state }) => state === 'hit').length;
  const pruned = prospects.filter(({ state }) => state === 'pruned').length;
  const saved = savedSeconds(prospects);
  const toRun = prospects.length - hits - pruned;
  const foot = `${count(prospects.length, 'node')}: ${toRun} to run, ${count(hits, 'hit')}${pruned > 0 ? `, ${pruned} pruned` : ''}${saved > 0 ? ` (${duration(saved)} of work saved)` : ''}.`;
  const blind = unseen
    ? [`${inOneLine(unseen)} Planned without keys, from what is known of the set: nothing can be found as done.`]
    : [];
  const differs = since ? ['', ...differenceLines(since, plan.experiment.file)] : [];
  return `${[...head(plan), ...blind, ...differs, '', ...nodes, '', foot, ...codeLines(prospects), ...priceLines(price)].join('\n')}\n`;
}

/** Hits of other code, and what is known of what the present code makes of them. */
function codeLines(prospects: readonly Prospect[]): string[] {
  const others = prospects.filter(({ otherCode }) => otherCode);
  const of = (remade: Prospect['remade']) => {
    const those = others.filter((prospect) => prospect.remade === remade);
    const kinds = [...new Set(those.map(({ node }) => node.manifest.stage))].join(', ');
    return { kinds, hits: count(those.length, 'hit'), any: those.length > 0 };
  };
  const [open, same, different] = [of(undefined), of('same'), of('different')];
  return [
    ...(open.any
      ? [
          `The code of ${open.kinds} has changed since ${open.hits}, not its version: the results should be the same; \`--rerun-on code\` makes them again.`,
        ]
      : []),
    ...(same.any ? [`Made again by the present code of ${same.kinds}, with the same bytes: ${same.hits}.`] : []),
    ...(different.any
      ? [
          `The present code of ${different.kinds} made other results of ${different.hits}, which \`--rerun-on code\` shows; those of the code before are meant here.`,
        ]
      : []),
  ];
}

/** What hits took when they were computed. */
function savedSeconds(prospects: readonly Prospect[]): number {
  return secondsTogether(
    prospects.map(({ node: { id, chain }, seconds = 0 }) => ({ id, seconds, ...(chain && { chain: chain.id }) })),
  );
}

function needs({ inputs, manifest }: PlanNode): string {
  if (manifest.merge) return `its ${count(Object.keys(inputs).length, 'shard')}`;
  const roles = Object.entries(inputs).map(([role, id]) => `${role}: ${id}`);
  return [...roles, ...('data' in manifest.inputs ? ['data'] : [])].join(', ');
}
