/** What this machine can do: Node, cores, backends and why one does not open, data sets. */
import { availableParallelism, cpus, totalmem } from 'node:os';
import { dataSetNames, locateDataSet } from '../../../data/registry.ts';
import { probeBackend } from '../../../tensor/backends/probe.ts';
import type { Found } from '../../../tensor/backends/probe-child.ts';
import { BACKENDS } from '../../config/resolve.ts';
import { textBlock } from '../../report/columns-of-text.ts';
import type { Arguments } from '../arguments.ts';
import { EXIT } from '../exit-codes.ts';
import { dataFolder } from '../folders.ts';
import { inOneLine, print } from '../output.ts';

interface Finding {
  readonly what: string;
  readonly ok: boolean;
  readonly says: string;
}

export async function run(args: Arguments): Promise<number> {
  const findings = [...machine(), ...(await backends()), ...sets(dataFolder(args))];
  if (args.has('json')) print(`${JSON.stringify({ schema: 'retort-doctor/1', findings }, null, 2)}\n`);
  else {
    const lines = textBlock([
      { header: '', cells: findings.map(({ ok }) => (ok ? 'ok' : '--')) },
      { header: '', cells: findings.map(({ what }) => what) },
      { header: '', cells: findings.map(({ says }) => says) },
    ]);
    print(`${lines.slice(1).join('\n')}\n`);
  }
  return EXIT.done;
}

function machine(): Finding[] {
  const cores = availableParallelism();
  return [
    {
      what: 'node',
      ok: Number(process.versions.node.split('.')[0]) >= 20,
      says: `${process.version}; 20 or later is needed`,
    },
    {
      what: 'processor',
      ok: true,
      says: `${cpus()[0]?.model.trim() ?? 'unknown'}, ${cores} ${cores === 1 ? 'core' : 'cores'}`,
    },
    { what: 'memory', ok: true, says: `${(totalmem() / 2 ** 30).toFixed(1)} GiB` },
  ];
}

/** Side by side: each loads for up to a second. */
async function backends(): Promise<Finding[]> {
  return Promise.all(
    BACKENDS.map(async (name) => {
      const found = await probeBackend(name);
      return {
        what: `backend ${name}`,
        ok: found.ok,
        says: found.ok ? described(found.value) : inOneLine(found.error),
      };
    }),
  );
}

function described({ device, numerics }: Found): string {
  const rest = Object.entries(numerics).filter(([key]) => !['backend', 'threads'].includes(key));
  return [`on the ${device === 'gpu' ? 'GPU' : 'CPU'}`, ...rest.map(([key, value]) => `${key} ${value}`)].join(', ');
}

function sets(folder: string | undefined): Finding[] {
  return dataSetNames.map((name) => {
    const located = locateDataSet(name, folder);
    return {
      what: `data ${name}`,
      ok: located.ok,
      says: located.ok ? `${located.value.description} in ${located.value.folder}` : inOneLine(located.error),
    };
  });
}
