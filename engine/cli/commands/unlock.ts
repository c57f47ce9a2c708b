/**
 * Who holds a node or a run, with the evidence; a lease whose owner is dead is given back. One whose owner lives is left
 * alone, unless it is forced: then the owner loses what it has done since its last checkpoint, and nothing else.
 */
import { join } from 'node:path';
import { ok, type Result } from '../../../base/result.ts';
import { duration } from '../../report/wording.ts';
import { breakLease, type LeaseEvidence, leaseEvidence } from '../../store/lease-evidence.ts';
import { leaseFolder } from '../../store/leases.ts';
import { openStore, type Store } from '../../store/store.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { findNode } from '../find-node.ts';
import { findRun } from '../find-run.ts';
import { storeFolder } from '../folders.ts';
import { print, tell } from '../output.ts';
import { told } from '../told.ts';

export async function run(args: Arguments): Promise<number> {
  const [name = ''] = args.operands;
  const store = told(openStore(storeFolder(args)));
  if (!store.ok) return store.exit;
  const found = told(leaseOf(store.value, name));
  if (!found.ok) return found.exit;
  const { folder, what } = found.value;
  const evidence = leaseEvidence(folder, store.value.tmp);
  if (args.has('json'))
    print(`${JSON.stringify({ schema: 'retort-lease/1', what, holder: evidence ?? null }, null, 2)}\n`);
  else print(`${what}: ${evidence ? held(evidence) : 'nobody holds it.'}\n`);
  if (!evidence) return EXIT.done;
  if (evidence.live && !args.has('force')) {
    tell(
      `It is left alone. \`retort cancel\` asks its run to stop; \`--force\` takes the lease away: what it has done since its last\ncheckpoint is then lost, and whoever runs the experiment next goes on from there.\n`,
    );
    return EXIT.locked;
  }
  const broken = breakLease(folder);
  tell(broken ? 'The lease is free now.\n' : 'Somebody else took it over meanwhile: look again.\n');
  return broken ? EXIT.done : EXIT.locked;
}

function leaseOf(store: Store, name: string): Result<{ readonly folder: string; readonly what: string }> {
  const run = findRun(store, name);
  if (run.ok) return ok({ folder: join(run.value.folder, 'lease'), what: `run ${run.value.id}` });
  const node = findNode(store, name);
  if (!node.ok) return node;
  const { key, name: id } = node.value;
  return ok({ folder: leaseFolder(store, key), what: `${id} (key ${key.slice(0, 12)})` });
}

function held({ host, pid, run, since, process: seen, beatAt, live }: LeaseEvidence): string {
  const age = (at: string) => `${duration(Math.max(0, (Date.now() - Date.parse(at)) / 1000))} ago`;
  const who = pid === 0 ? 'somebody whose name cannot be read' : `process ${pid} on ${host}, run ${run}`;
  const table = {
    alive: 'that process lives: it is in the table of processes of this machine',
    dead: 'that process is dead: it is not in the table of processes of this machine',
    unknown: 'it runs on another machine or in another container, so only its heartbeat tells',
  }[seen];
  const beat = beatAt ? `; its last heartbeat came ${age(beatAt)}` : '; it has no heartbeat';
  return `held by ${who}, since ${since} (${age(since)}).\n    ${table}${beat}. ${live ? 'It counts as live.' : 'It counts as dead.'}`;
}
