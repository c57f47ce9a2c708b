/** Experiments and runs as one HTML page, tables and pictures, from what is in the store; computes nothing anew. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../../base/json.ts';
import type { Plan } from '../../plan/plan.ts';
import { slicedPlan } from '../../report/diff-cells.ts';
import { detailsOf } from '../../report/html/details.ts';
import { type Picture, reportPage, type Section } from '../../report/html/page.ts';
import { writeFigures } from '../../report/html/write-figures.ts';
import { resultTable } from '../../report/table.ts';
import type { KeyRecord } from '../../store/keys.ts';
import { readObject } from '../../store/objects.ts';
import { readRunRecord } from '../../store/runs.ts';
import type { Store } from '../../store/store.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { findRun } from '../find-run.ts';
import { print, tellFailure, tellUsage } from '../output.ts';
import { environmentHere, softwareHere } from '../provenance-file.ts';
import { figuresOf } from '../report-figures.ts';
import { type Records, recordsOf, storeToRead } from '../results.ts';
import { isFile, parseSide, sidesOf } from '../sides.ts';
import { told } from '../told.ts';

export async function run(args: Arguments): Promise<number> {
  const store = told(storeToRead(args));
  if (!store.ok) return store.exit;
  const meant = args.operands.flatMap((name) => parseSide(name) ?? []);
  if (meant.length < args.operands.length) {
    tellUsage('Expected runs, files or slices `RUN:axis=value`.', 'report');
    return EXIT.usage;
  }
  const sides = await sidesOf(meant, [], store.value, args, 'report');
  if (!sides.ok) return sides.exit;
  const [software, machine] = [softwareHere(), environmentHere()];
  const sections: Section[] = [];
  for (const [index, side] of sides.value.entries()) {
    const { figures, failed, pruned } = side;
    const plan = slicedPlan(side);
    const records = recordsOf(store.value, plan);
    const table = resultTable(plan, figures, { ...(failed && { failed }), ...(pruned && { pruned }) });
    const origin = { ...runOf(meant[index]?.of ?? '', store.value), software, machine };
    sections.push({
      table,
      figures: await figuresOf(plan, table, records, store.value),
      pictures: picturesOf(plan, records, store.value),
      details: detailsOf(plan, { ...origin, digests: (key) => digestsOf(records.get(key)) }),
    });
  }
  const folder = args.text('figures');
  try {
    if (folder !== undefined) await writeFigures(folder, sections);
  } catch (error) {
    return unwritable(folder ?? '', error);
  }
  const page = reportPage(sections);
  const file = args.text('output');
  if (file === undefined) {
    if (folder === undefined) print(page);
    return EXIT.done;
  }
  try {
    writeFileSync(file, page);
  } catch (error) {
    return unwritable(file, error);
  }
  return EXIT.done;
}

function unwritable(place: string, error: unknown): number {
  tellFailure({
    code: 'REPORT_UNWRITABLE',
    place,
    message: `The report cannot be written: ${(error as Error).message}`,
  });
  return EXIT.usage;
}

/** What a run froze when it began; of a file there is only the plan. */
function runOf(name: string, store: Store | undefined): { readonly run?: JsonObject; readonly config?: JsonObject } {
  const run = store && !isFile(name) ? findRun(store, name) : undefined;
  if (!run?.ok || !store) return {};
  const record = readRunRecord(store, run.value.id);
  const config = JSON.parse(readFileSync(join(run.value.folder, 'config.resolved.json'), 'utf8')) as JsonObject;
  return { config, ...(record && { run: { ...record } as unknown as JsonObject }) };
}

function digestsOf(record: KeyRecord | undefined): Record<string, string> | undefined {
  if (!record) return undefined;
  const files = Object.entries(record.artifacts).flatMap(([role, found]) =>
    Object.entries(found).map(([name, { sha256 }]) => [`${role}/${name}`, sha256]),
  );
  return Object.fromEntries(files);
}

/** Before and after, of the first set of every cell. */
function picturesOf(plan: Plan, records: Records, store: Store | undefined): Picture[] {
  return plan.nodes
    .filter(({ uses }) => uses.some(({ set = 1, at }) => set === 1 && at === undefined))
    .flatMap(({ id, key }) =>
      Object.values(records.get(key)?.artifacts ?? {}).flatMap((files) =>
        Object.entries(files)
          .filter(([name]) => name.endsWith('.png'))
          .flatMap(([name, { sha256 }]) => {
            const png = store ? readObject(store, sha256) : undefined;
            return png?.ok ? [{ title: `${id}: ${name.replace(/\.png$/, '')}`, png: png.value }] : [];
          }),
      ),
    );
}
