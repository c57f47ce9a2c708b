/**
 * Frees the disk of what nobody needs: shown first, with names, sizes and reasons; moved to the trash with `--yes`; brought
 * back with `--restore`; gone for good with `--empty-trash --yes`.
 */
import { join } from 'node:path';
import { formatSize, parseDuration } from '../../../base/units.ts';
import { textBlock } from '../../report/columns-of-text.ts';
import { count } from '../../report/wording.ts';
import { collectGarbage } from '../../store/gc.ts';
import { type Marked, markGarbage } from '../../store/gc-mark.ts';
import { takeLeaseIn } from '../../store/leases.ts';
import { refreshIndex } from '../../store/refresh-index.ts';
import { openStore, type Store } from '../../store/store.ts';
import { allBatches, emptyTrash, isInTrash, restoreItem, type TrashItem, tidyTrash } from '../../store/trash.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { storeFolder } from '../folders.ts';
import { currentPlans } from '../gc-plans.ts';
import { print, tell, tellUsage } from '../output.ts';
import { told } from '../told.ts';

export async function run(args: Arguments): Promise<number> {
  const graceMs = graceOf(args.text('grace'));
  if (graceMs === undefined) return EXIT.usage;
  if (args.has('restore') && args.has('empty-trash')) {
    tellUsage('`--restore` and `--empty-trash` exclude each other.', 'gc');
    return EXIT.usage;
  }
  const opened = told(openStore(storeFolder(args)));
  if (!opened.ok) return opened.exit;
  const store = opened.value;
  const lease = takeLeaseIn(join(store.leases, 'gc'), store.tmp, { run: 'gc' });
  if (!lease.held) {
    tell(`Process ${lease.pid} on ${lease.host} is collecting in this store, since ${lease.since}.\n`);
    return EXIT.locked;
  }
  try {
    if (args.has('restore')) return await restore(store, args);
    if (args.has('empty-trash')) return empty(store, args);
    return await collect(store, args, graceMs);
  } finally {
    lease.release();
  }
}

async function collect(store: Store, args: Arguments, graceMs: number): Promise<number> {
  const { planned, unplanned } = currentPlans(store, args);
  if (args.operands.length > 0 && unplanned.size > 0) {
    for (const [file, why] of unplanned) tell(`${file}: ${why}\n`);
    tell('Nothing is collected while a named experiment cannot be planned; `retort validate` says more.\n');
    return EXIT.usage;
  }
  const marked = markGarbage(store, { planned, unplanned, graceMs });
  const done = args.has('yes') && marked.items.length > 0 ? collectGarbage(store, marked) : undefined;
  if (args.has('json')) {
    const document = {
      schema: 'retort-gc/1',
      moved: done !== undefined,
      ...(done && { batch: done.batch.id, skipped: done.skipped.map(({ item, why }) => ({ name: item.name, why })) }),
      bytes: total(marked.items),
      items: marked.items,
      kept: Object.fromEntries(marked.kept),
      unplanned: Object.fromEntries(unplanned),
    };
    print(`${JSON.stringify(document, null, 2)}\n`);
    return EXIT.done;
  }
  if (marked.items.length > 0) print(`${table(marked.items)}\n`);
  for (const line of keptLines(marked)) tell(`${line}\n`);
  const sum = `${count(marked.items.length, 'thing')}, ${formatSize(total(marked.items))}`;
  if (marked.items.length === 0) tell('Nothing to collect.\n');
  else if (!done)
    tell(`${sum}. Nothing was moved: \`--yes\` moves them to the trash, from which \`--restore\` brings them back.\n`);
  else {
    for (const { item, why } of done.skipped) tell(`left alone: ${item.name}: ${why}\n`);
    tell(
      `${count(done.moved.length, 'thing')}, ${formatSize(total(done.moved))}, moved to the trash (${done.batch.id}). \`retort gc --restore\` brings them\nback; \`retort gc --empty-trash --yes\` frees the disk.\n`,
    );
    await refreshIndex(store);
  }
  return EXIT.done;
}

async function restore(store: Store, args: Arguments): Promise<number> {
  const wanted = (item: TrashItem, batch: string) =>
    args.operands.length === 0 ||
    args.operands.some(
      (name) =>
        [batch, item.node, item.run, item.name].includes(name) || (name.length > 5 && item.key?.startsWith(name)),
    );
  const found = allBatches(store).flatMap((batch) =>
    batch.items
      .filter((item) => item.kind !== 'damaged' && wanted(item, batch.id) && isInTrash(store, batch, item))
      .map((item) => ({ batch, item })),
  );
  // Runs first, so that what comes back has its names.
  found.sort((a, b) => Number(b.item.kind === 'run') - Number(a.item.kind === 'run'));
  for (const { batch, item } of found) restoreItem(store, batch, item);
  tidyTrash(store);
  await refreshIndex(store);
  for (const { item } of found) print(`${item.name}\n`);
  tell(`${count(found.length, 'thing')} brought back.\n`);
  return found.length > 0 || args.operands.length === 0 ? EXIT.done : EXIT.usage;
}

function empty(store: Store, args: Arguments): number {
  const batches = allBatches(store);
  const items = batches.flatMap((batch) => batch.items.filter((item) => isInTrash(store, batch, item)));
  if (items.length > 0) print(`${table(items)}\n`);
  const sum = `${count(items.length, 'thing')}, ${formatSize(total(items))}`;
  if (!args.has('yes')) {
    tell(`${sum} in the trash. Nothing was deleted: \`--empty-trash --yes\` deletes them for good.\n`);
    return EXIT.done;
  }
  emptyTrash(store);
  tell(`${sum} deleted.\n`);
  return EXIT.done;
}

/** Milliseconds; a mistake is told. */
function graceOf(text: string | undefined): number | undefined {
  const seconds = text === undefined ? 24 * 3600 : text === '0' ? 0 : parseDuration(text);
  if (seconds !== undefined) return 1000 * seconds;
  tellUsage(`Expected \`--grace\` to be a duration such as \`24h\` or \`7d\`, got \`${text}\`.`, 'gc');
  return undefined;
}

function table(items: readonly TrashItem[]): string {
  return textBlock([
    { header: 'what', cells: items.map(({ name }) => name) },
    { header: 'stage', cells: items.map(({ stage }) => stage ?? '-') },
    { header: 'size', cells: items.map(({ bytes }) => formatSize(bytes)), right: true },
    { header: 'last used (UTC)', cells: items.map(({ lastUsed }) => lastUsed?.slice(0, 16).replace('T', ' ') ?? '-') },
    { header: 'run', cells: items.map(({ run }) => run ?? '-') },
    { header: 'why', cells: items.map(({ reason }) => reason) },
  ]).join('\n');
}

function keptLines({ kept }: Marked): string[] {
  return [...kept].map(([why, results]) => `kept: ${count(results, 'result')}, since ${why}`);
}

function total(items: readonly TrashItem[]): number {
  return items.reduce((sum, { bytes }) => sum + bytes, 0);
}
