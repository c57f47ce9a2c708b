/** Every byte of a store against what it should be; what is damaged is named by run and node, with what to do. */
import { relative } from 'node:path';
import { formatSize } from '../../../base/units.ts';
import { count } from '../../report/wording.ts';
import type { Damage, Finding, Part } from '../../store/findings.ts';
import { PARTS } from '../../store/findings.ts';
import { refreshIndex } from '../../store/refresh-index.ts';
import { openStore, type Store } from '../../store/store.ts';
import { moveToTrash, openBatch, pathInStore, type TrashItem } from '../../store/trash.ts';
import { verifyStore } from '../../store/verify.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { storeFolder } from '../folders.ts';
import { print, tell } from '../output.ts';
import { told } from '../told.ts';

interface Checked {
  files: number;
  bytes: number;
}

export async function run(args: Arguments): Promise<number> {
  const store = told(openStore(storeFolder(args)));
  if (!store.ok) return store.exit;
  const json = args.has('json');
  const checked = Object.fromEntries(PARTS.map((part) => [part, { files: 0, bytes: 0 }])) as Record<Part, Checked>;
  const damage: Damage[] = [];
  const notes: Extract<Finding, { type: 'note' }>[] = [];
  const progress = progressLine();
  for await (const finding of verifyStore(store.value)) {
    if (finding.type === 'checked') {
      checked[finding.part].files += finding.files;
      checked[finding.part].bytes += finding.bytes;
      progress.show(checked);
    } else if (finding.type === 'note') notes.push(finding);
    else damage.push(finding);
    if (json || finding.type === 'checked') continue;
    progress.clear();
    if (finding.type === 'damage') print(paragraph(finding));
  }
  progress.clear();
  const aside = args.has('repair') ? await repair(store.value, damage) : undefined;
  if (json) {
    const found = damage.map(({ type: _, aside: __, ...rest }) => rest);
    const document = {
      schema: 'retort-verify/1',
      store: store.value.folder,
      sound: damage.length === 0,
      checked,
      damage: found,
      notes: notes.map(({ type: _, ...rest }) => rest),
      ...(aside && { trash: aside.batch, putAside: aside.items }),
    };
    print(`${JSON.stringify(document, null, 2)}\n`);
  } else {
    print(summary(checked, damage.length));
    for (const { message } of notes) tell(`note: ${message}\n`);
    if (aside)
      tell(
        `${count(aside.items, 'damage')} put aside in trash/${aside.batch}: what was lost is not finished any more, and a run makes it anew.\n`,
      );
  }
  return damage.length === 0 ? EXIT.done : EXIT.store;
}

function paragraph({ place, message, nodes, help }: Damage): string {
  const shown = relative('.', place);
  const concerned = nodes.map((node) => `    ${node}\n`).join('');
  return `damaged: ${shown.startsWith('..') ? place : shown}: ${message}\n${concerned}    ${help}\n`;
}

function summary(checked: Readonly<Record<Part, Checked>>, damaged: number): string {
  const { objects, keys, hints, checkpoints, runs, published } = checked;
  const parts = [
    `${count(objects.files, 'object')} (${formatSize(objects.bytes)})`,
    count(keys.files, 'key record'),
    ...(hints.files > 0 ? [count(hints.files, 'hint')] : []),
    `${count(checkpoints.files, 'checkpoint')} (${formatSize(checkpoints.bytes)})`,
    `${count(runs.files, 'file')} of runs`,
    count(published.files, 'published file'),
  ];
  return `${damaged === 0 ? 'Sound' : `Damaged in ${count(damaged, 'place')}`}: ${parts.join(', ')}${checked.index.files > 0 ? ' and the index' : ''} checked.\n`;
}

/** What can be made anew is put aside, so that nothing believes it any more. */
async function repair(store: Store, damage: readonly Damage[]): Promise<{ batch: string; items: number } | undefined> {
  const items = damage.flatMap(({ aside, nodes, message }): TrashItem[] =>
    aside
      ? [
          {
            name: nodes[0] ?? 'a damaged file',
            kind: 'damaged',
            bytes: 0,
            reason: message,
            paths: aside.map((path) => pathInStore(store, path)),
          },
        ]
      : [],
  );
  if (items.length === 0) return undefined;
  const batch = openBatch(store, items);
  for (const item of items) moveToTrash(store, batch, item);
  await refreshIndex(store);
  return { batch: batch.id, items: items.length };
}

/** One line on a terminal, a few times a second. */
function progressLine(): { show(checked: Readonly<Record<Part, Checked>>): void; clear(): void } {
  let shown = false;
  let last = 0;
  return {
    show(checked) {
      if (!process.stderr.isTTY || performance.now() - last < 200) return;
      last = performance.now();
      shown = true;
      const all = Object.values(checked);
      const files = all.reduce((sum, one) => sum + one.files, 0);
      tell(`\r${count(files, 'file')}, ${formatSize(all.reduce((sum, one) => sum + one.bytes, 0))} …\u001b[K`);
    },
    clear() {
      if (shown) tell('\r\u001b[K');
      shown = false;
    },
  };
}
