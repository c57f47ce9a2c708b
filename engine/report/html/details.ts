/** What stands behind a table: every stage with its parameters, and where each result comes from, as text. */
import type { JsonObject } from '../../../base/json.ts';
import type { Plan } from '../../plan/plan.ts';
import type { Detail } from './page.ts';

export interface Origin {
  /** Of the run, where one is reported. */
  readonly run?: JsonObject;
  readonly config?: JsonObject;
  readonly software: JsonObject;
  readonly machine: JsonObject;
  /** Node → file → digest, of what is in the store. */
  digests(key: string): Readonly<Record<string, string>> | undefined;
}

export function detailsOf(plan: Plan, origin: Origin): Detail[] {
  const { run, config, software, machine } = origin;
  const about = {
    ...(run && { run }),
    experiment: plan.experiment,
    data: plan.data,
    backend: plan.backend,
    numerics: plan.numerics,
    replicates: plan.replicates,
    'this page was made by': { software, machine },
  };
  return [
    ...(config ? [{ title: 'Resolved configuration', text: json(config) }] : []),
    { title: 'Stages and their parameters', text: stagesOf(plan) },
    { title: 'Provenance', text: `${json(about)}\n\n${nodesOf(plan, origin)}` },
  ];
}

/** Each stage of the experiment once for each set of parameters that it has in some cell. */
function stagesOf({ nodes }: Plan): string {
  const found = new Map<string, string>();
  for (const { manifest, params, uses } of nodes) {
    const names = [...new Set(uses.map(({ stage }) => stage))].join(', ');
    const text = `${names} (${manifest.stage}, version ${manifest.version})\n${json(params)}`;
    found.set(text, text);
  }
  return [...found.keys()].join('\n\n');
}

/** Long plans end in a count: the keys of all nodes stand in the run's own files. */
const MOST_NODES = 500;

function nodesOf({ nodes }: Plan, { digests }: Origin): string {
  const lines = nodes.slice(0, MOST_NODES).map(({ id, key }) => {
    const files = Object.entries(digests(key) ?? {}).map(([file, digest]) => `\n    ${file} sha256:${digest}`);
    return `${id}\n    key ${key}${files.join('')}${files.length === 0 ? '\n    (no files in the store)' : ''}`;
  });
  const more = nodes.length - lines.length;
  return [...lines, ...(more > 0 ? [`and ${more.toLocaleString('en-US')} more`] : [])].join('\n');
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
