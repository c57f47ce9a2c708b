/**
 * A run's provenance as one W3C PROV-JSON document: its configuration, data, code and machine, every node as an activity with
 * its key, parameters and seed, every artifact as an entity with its digest, and who was made from what. What is needed to
 * run it again is in it as well, under `retort:record`.
 */
import type { Json, JsonObject } from '../../base/json.ts';
import type { RunEvent } from '../events.ts';
import type { Plan, PlanNode } from '../plan/plan.ts';
import { type KeyRecord, readKey } from '../store/keys.ts';
import type { RunFolder, RunRecord } from '../store/runs.ts';

/** Role → file → digest. */
export type Digests = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** What `reproduce` goes by. */
export interface ReproducibleRecord {
  readonly schema: 'retort-prov/1';
  readonly run: string;
  readonly experiment: { readonly name: string; readonly file: string };
  /** The experiment after `extends` and overrides. */
  readonly config: Json;
  readonly backend: string;
  readonly data: Plan['data'];
  readonly numerics: Plan['numerics'];
  /** Absent: strict. */
  readonly numericsMode?: Plan['numericsMode'];
  readonly software: JsonObject;
  readonly environment: JsonObject;
  readonly nodes: readonly {
    readonly id: string;
    readonly key: string;
    /** Absent where the node was not finished. */
    readonly artifacts?: Digests;
    readonly metrics?: Readonly<Record<string, number>>;
  }[];
}

export interface ProvenanceOf {
  readonly run: RunFolder;
  readonly record: RunRecord;
  readonly endedAt: string | undefined;
  readonly config: Json;
  readonly events: readonly RunEvent[];
  readonly software: JsonObject;
  readonly environment: JsonObject;
}

export function provenance(given: ProvenanceOf): JsonObject {
  const { run, record, endedAt, config, software, environment } = given;
  const { plan } = run;
  const records = new Map<string, KeyRecord>();
  for (const { key } of plan.nodes) {
    const found = readKey(run.store, key);
    if (found) records.set(key, found);
  }
  const reproducible: ReproducibleRecord = {
    schema: 'retort-prov/1',
    run: run.id,
    experiment: plan.experiment,
    config,
    backend: plan.backend,
    data: plan.data,
    numerics: plan.numerics,
    ...(plan.numericsMode && { numericsMode: plan.numericsMode }),
    software,
    environment,
    nodes: plan.nodes.map((node) => nodeRecord(node, records.get(node.key))),
  };
  const graph = new Graph();
  const runId = `run:${run.id}`;
  const dataId = `data:${plan.data.digest}`;
  graph.add('entity', runId, {
    'prov:type': 'prov:Plan',
    'prov:label': plan.experiment.name,
    'retort:file': plan.experiment.file,
    'retort:backend': plan.backend,
    'retort:startedAt': dateTime(record.startedAt),
    ...(endedAt !== undefined && { 'retort:endedAt': dateTime(endedAt) }),
    'retort:host': record.host,
    'retort:command': `retort reproduce FILE --data DIR`,
    'retort:record': { $: JSON.stringify(reproducible), type: 'retort:json' },
  });
  graph.add('entity', dataId, {
    'prov:label': plan.data.description,
    'retort:set': plan.data.set,
    'retort:sha256': plan.data.digest,
  });
  graph.add('agent', 'retort:software', {
    'prov:type': 'prov:SoftwareAgent',
    ...attributes(software),
    ...attributes(environment),
  });
  for (const node of plan.nodes) activity(graph, node, records, given, { runId, dataId });
  return graph.document();
}

function activity(
  graph: Graph,
  node: PlanNode,
  records: ReadonlyMap<string, KeyRecord>,
  { run, events }: ProvenanceOf,
  { runId, dataId }: { readonly runId: string; readonly dataId: string },
): void {
  const id = `node:${node.key}`;
  const record = records.get(node.key);
  const started = events.find((event) => event.type === 'node-started' && event.node === node.id)?.at;
  const ended = events.find((event) => event.type === 'node-done' && event.node === node.id)?.at;
  const { stage, version, seed, numerics } = node.manifest;
  graph.add('activity', id, {
    'prov:label': node.id,
    ...(started && { 'prov:startTime': started }),
    ...(ended && { 'prov:endTime': ended }),
    'retort:stage': stage,
    'retort:stageVersion': version,
    'retort:params': json(node.params),
    'retort:seed': json((seed ?? {}) as Json),
    'retort:numerics': json(numerics as Json),
    'retort:key': node.key,
    'retort:finished': record !== undefined,
    ...(record && {
      'retort:seconds': record.seconds,
      'retort:steps': record.steps,
      'retort:metrics': json(record.metrics),
    }),
  });
  graph.relate('wasAssociatedWith', { 'prov:activity': id, 'prov:agent': 'retort:software', 'prov:plan': runId });
  if ('data' in node.manifest.inputs) graph.relate('used', { 'prov:activity': id, 'prov:entity': dataId });
  for (const [role, upstream] of Object.entries(node.inputs)) {
    const key = run.plan.nodes.find((candidate) => candidate.id === upstream)?.key ?? '';
    for (const { sha256 } of Object.values(records.get(key)?.artifacts ?? {}).flatMap((files) => Object.values(files)))
      graph.relate('used', { 'prov:activity': id, 'prov:entity': `artifact:${sha256}`, 'prov:role': role });
  }
  for (const [role, files] of Object.entries(record?.artifacts ?? {}))
    for (const [file, { sha256, bytes }] of Object.entries(files)) {
      graph.add('entity', `artifact:${sha256}`, { 'prov:label': file, 'retort:sha256': sha256, 'retort:bytes': bytes });
      graph.relate('wasGeneratedBy', { 'prov:entity': `artifact:${sha256}`, 'prov:activity': id, 'prov:role': role });
    }
}

function nodeRecord({ id, key }: PlanNode, record: KeyRecord | undefined): ReproducibleRecord['nodes'][number] {
  if (!record) return { id, key };
  return { id, key, artifacts: digestsOf(record), metrics: record.metrics };
}

export function digestsOf({ artifacts }: KeyRecord): Digests {
  return Object.fromEntries(
    Object.entries(artifacts).map(([role, files]) => [
      role,
      Object.fromEntries(Object.entries(files).map(([name, { sha256 }]) => [name, sha256])),
    ]),
  );
}

/** The parts of a document; things are named once, relations are numbered. */
class Graph {
  readonly #parts = new Map<string, Record<string, Json>>();
  #relations = 0;

  add(part: 'entity' | 'activity' | 'agent', id: string, attributes: JsonObject): void {
    this.#part(part)[id] ??= attributes;
  }

  relate(part: 'used' | 'wasGeneratedBy' | 'wasAssociatedWith', attributes: JsonObject): void {
    this.#relations++;
    this.#part(part)[`_:r${this.#relations}`] = attributes;
  }

  #part(name: string): Record<string, Json> {
    const part = this.#parts.get(name) ?? {};
    this.#parts.set(name, part);
    return part;
  }

  document(): JsonObject {
    const prefix = {
      retort: 'urn:retort:',
      run: 'urn:retort:run:',
      node: 'urn:retort:node:',
      artifact: 'urn:sha256:',
      data: 'urn:retort:data:',
    };
    return { prefix, ...Object.fromEntries(this.#parts) };
  }
}

function attributes(values: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`retort:${name}`, typeof value === 'object' ? json(value) : value]),
  );
}

function json(value: Json): JsonObject {
  return { $: JSON.stringify(value), type: 'retort:json' };
}

function dateTime(at: string): JsonObject {
  return { $: at, type: 'xsd:dateTime' };
}

/** The record in a document of ours; undefined in any other file. */
export function recordIn(document: unknown): ReproducibleRecord | undefined {
  const entities = (document as { entity?: Record<string, Record<string, unknown>> } | null)?.entity ?? {};
  for (const attributes of Object.values(entities)) {
    const { $: text } = (attributes['retort:record'] ?? {}) as { $?: string };
    if (typeof text !== 'string') continue;
    try {
      const record = JSON.parse(text) as ReproducibleRecord;
      if (record.schema === 'retort-prov/1') return record;
    } catch {
      // Edited by hand: not to be believed.
    }
  }
  return undefined;
}
