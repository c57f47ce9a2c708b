/** A node's result as others read it, or a run's provenance in one file. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../../base/package-root.ts';
import { type Failure, FailureError, fail, ok, type Result } from '../../../base/result.ts';
import { besideFiles } from '../../export/card.ts';
import type { ExportFormat } from '../../export/format-names.ts';
import { exportAs } from '../../export/formats.ts';
import type { ExportSource } from '../../export/source.ts';
import { occupied, sameAsSet, writeFiles } from '../../export/write.ts';
import { count } from '../../report/wording.ts';
import { readKey } from '../../store/keys.ts';
import { openStore, type Store } from '../../store/store.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT, exitCodeOf } from '../exit-codes.ts';
import { findNode, runsListed, runsWith } from '../find-node.ts';
import { storeFolder } from '../folders.ts';
import { print, tell, tellFailure, tellUsage } from '../output.ts';

export async function run(args: Arguments): Promise<number> {
  const [name = ''] = args.operands;
  const format = args.text('format') ?? 'safetensors';
  const store = openStore(storeFolder(args));
  if (!store.ok) return told(store.error);
  if (format === 'prov') return (await import('../provenance-file.ts')).exportProvenance(store.value, name, args);
  const to = args.text('to');
  if (to === undefined) {
    tellUsage('Expected `--to DIR`: where the files go.', 'export');
    return EXIT.usage;
  }
  const written = await write(store.value, name, format as ExportFormat, to);
  if (!written.ok) return told(written.error);
  if (args.has('json'))
    print(`${JSON.stringify({ schema: 'retort-exported/1', folder: to, format, files: written.value }, null, 2)}\n`);
  else for (const path of written.value.slice(0, MOST)) print(`${join(to, path)}\n`);
  const more = written.value.length - MOST;
  if (more > 0 && !args.has('json')) print(`and ${count(more, 'more file')}\n`);
  tell(`${count(written.value.length, 'file')} written to ${to} and read back.\n`);
  return EXIT.done;
}

const MOST = 12;

async function write(store: Store, name: string, format: ExportFormat, to: string): Promise<Result<string[]>> {
  const source = sourceOf(store, name);
  if (!source.ok) return source;
  const free = occupied(to, source.value.record.key);
  if (!free.ok) return free;
  const exported = await exportAs(source.value, format);
  if (!exported.ok) return exported;
  if (!(await sameAsSet(exported.value)))
    throw new FailureError({
      code: 'EXPORT_UNREADABLE',
      message: 'What the files hold is not what the node has made.',
      place: to,
    });
  const { version } = JSON.parse(readFileSync(join(packageRoot(), 'package.json'), 'utf8')) as { version: string };
  const beside = besideFiles({ source: source.value, format, exported: exported.value, version });
  const files = new Map([...exported.value.files, ...beside]);
  const written = writeFiles(to, files);
  return written.ok ? ok([...files.keys()]) : written;
}

function sourceOf(store: Store, name: string): Result<ExportSource> {
  const found = findNode(store, name);
  if (!found.ok) return found;
  const { key, name: id, run } = found.value;
  const record = readKey(store, key);
  if (!record) {
    const where = run ? ` in run ${run.id}` : '';
    const others = run ? runsWith(store, id).filter((other) => other !== run.id && isFinishedIn(store, other, id)) : [];
    return fail('EXPORT_NOT_FINISHED', `${id} is not finished${where}: there is nothing to export yet.`, {
      help:
        others.length > 0
          ? `It is finished in ${runsListed(others)}: \`${others[0]}/${id}\`.`
          : 'Run its experiment first; `retort status` says how far it is.',
    });
  }
  const node = run?.plan.nodes.find((candidate) => candidate.key === key);
  return ok({ store, record, name: id, ...(run && { run }), ...(node && { node }) });
}

function isFinishedIn(store: Store, run: string, node: string): boolean {
  const found = findNode(store, `${run}/${node}`);
  return found.ok && readKey(store, found.value.key) !== undefined;
}

function told(failure: Failure): number {
  tellFailure(failure);
  return exitCodeOf(failure);
}
