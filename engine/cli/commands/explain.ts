/** Why nodes are hits or must be computed: the shortest list of differences from the nearest earlier result. */
import { matchesGlob } from '../../../base/glob.ts';
import { suggestion } from '../../config/nearest.ts';
import { looksLikeOverride } from '../../config/overrides.ts';
import { isShortFor } from '../../plan/node-ids.ts';
import { textBlock } from '../../report/columns-of-text.ts';
import { duration, figures } from '../../report/wording.ts';
import { earlierResults } from '../../store/earlier-results.ts';
import { usesOfKey } from '../../store/key-uses.ts';
import type { Store } from '../../store/store.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { print, tellUsage } from '../output.ts';
import { prepare } from '../prepare.ts';
import { type Prospect, prospectsOf } from '../prospects.ts';
import { type Records, recordsOf, storeToRead } from '../results.ts';
import { told } from '../told.ts';

export async function run(args: Arguments): Promise<number> {
  const overrides = args.operands.filter(looksLikeOverride);
  const [file, pattern, ...rest] = args.operands.filter((operand) => !looksLikeOverride(operand));
  if (file === undefined || rest.length > 0) {
    tellUsage('Expected one experiment file, and at most one node of it.', 'explain');
    return EXIT.usage;
  }
  const prepared = await prepare({ files: [file], overrides }, args);
  if (!prepared.ok) return prepared.exit;
  const store = told(storeToRead(args));
  if (!store.ok) return store.exit;
  const [{ plan } = { plan: undefined }] = prepared.value;
  if (!plan) return EXIT.usage;
  const records = recordsOf(store.value, plan);
  const earlier = store.value && records.size < plan.nodes.length ? await earlierResults(store.value) : [];
  const all = prospectsOf(plan, { store: store.value, records, earlier });
  const meant = pattern === undefined ? all : all.filter(({ node }) => isMeant(node.id, pattern));
  if (meant.length === 0) {
    const ids = plan.nodes.map(({ id }) => id);
    tellUsage(
      `The plan of ${file} has no node \`${pattern}\`. ${suggestion(pattern ?? '', ids, 'Nodes') ?? ''}`.trim(),
      'explain',
    );
    return EXIT.usage;
  }
  if (args.has('json')) {
    const nodes = meant.map(({ node, ...prospect }) => ({ id: node.id, key: node.key, ...prospect }));
    print(`${JSON.stringify({ schema: 'retort-explain/1', file, nodes }, null, 2)}\n`);
  } else if (pattern === undefined) print(overview(meant));
  else for (const prospect of meant) print(await page(prospect, records, store.value));
  return EXIT.done;
}

function isMeant(id: string, pattern: string): boolean {
  return id === pattern || isShortFor(pattern, id) || matchesGlob(id, pattern);
}

function overview(prospects: readonly Prospect[]): string {
  const lines = textBlock([
    { header: 'node', cells: prospects.map(({ node }) => node.id) },
    { header: 'why', cells: prospects.map(({ says }) => says) },
  ]);
  return `${lines.join('\n')}\n`;
}

async function page({ node, state, because }: Prospect, records: Records, store: Store | undefined): Promise<string> {
  const record = records.get(node.key);
  if (state === 'hit' && record) {
    const [use] = store ? await usesOfKey(store, node.key) : [];
    const facts = [
      figures(record.metrics),
      `took ${duration(record.seconds)}`,
      ...(use ? [`computed in run ${use.run}`] : []),
    ];
    return `${node.id}: hit (${facts.filter(Boolean).join('; ')})\n`;
  }
  const head = `${node.id}: ${state}`;
  if (because?.why !== 'differs') return `${head}\n  ${because?.inWords.join('\n  ') ?? ''}\n`;
  const [use] = store ? await usesOfKey(store, because.nearest) : [];
  const where = use ? `${use.node} of run ${use.run}` : `key ${because.nearest.slice(0, 12)}`;
  const lines = [
    head,
    `  nearest earlier result: ${where}`,
    ...because.inWords.map((words) => `    ${words}`),
    '  everything else is equal',
  ];
  return `${lines.join('\n')}\n`;
}
