/** `show NODE`: its key and what went into it, every parameter with its origin, its files, and its attempts. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { JsonObject } from '../../base/json.ts';
import { formatSize } from '../../base/units.ts';
import type { RunEvent } from '../events.ts';
import type { PlanNode } from '../plan/plan.ts';
import { textBlock } from '../report/columns-of-text.ts';
import { count, duration, figures } from '../report/wording.ts';
import { readNodeEvents } from '../store/brief-events.ts';
import { type KeyRecord, keyPath, readKey, readRecord } from '../store/keys.ts';
import { leaseHolder } from '../store/leases.ts';
import { eventsPath } from '../store/run-events.ts';
import type { Store } from '../store/store.ts';
import type { FoundNode } from './find-node.ts';
import { factLines, frozenExperiment, numericsWords, shortest } from './run-page.ts';
import { type Value, valueBlock, valuesOf } from './values.ts';

interface Attempt {
  readonly attempt: number;
  readonly startedAt: string;
  readonly fromStep: number;
  readonly steps: number;
  readonly log: string;
  readonly end?: Extract<RunEvent, { type: 'attempt-ended' }>;
}

export function nodeJson(store: Store, { key, name, run, node }: FoundNode): object {
  const record = readRecord(keyPath(store, key), key);
  return {
    schema: 'retort-show/1',
    kind: 'node',
    id: name,
    key,
    state: stateOf(store, key, record),
    manifest: node?.manifest ?? record?.manifest,
    ...(node && { params: node.params, inputs: node.inputs, uses: node.uses, values: valuesOfNode(node, run) }),
    ...(record && {
      metrics: record.metrics,
      seconds: record.seconds,
      steps: record.steps,
      artifacts: record.artifacts,
    }),
    ...(run && { run: run.id, folder: run.nodeFolder(name), attempts: attemptsOf(store, run.id, name) }),
  };
}

export function nodePage(store: Store, { key, name, run, node }: FoundNode): string {
  const record = readRecord(keyPath(store, key), key);
  const manifest = node?.manifest ?? record?.manifest;
  const facts: [string, string | undefined][] = [
    ['key', key],
    ['state', stateOf(store, key, record)],
    ['stage', manifest && `${manifest.stage}, version ${manifest.version}`],
    ['figures', record && figures(record.metrics)],
    ['took', record && `${duration(record.seconds)}, ${count(record.steps, 'step')}`],
    [
      'seed',
      manifest?.seed &&
        Object.entries(manifest.seed)
          .map(([axis, value]) => `${axis} ${value}`)
          .join(', '),
    ],
    ['numerics', manifest && numericsWords(manifest.numerics)],
    ['made with', record?.madeWith && numericsWords(record.madeWith)],
    ['run', run?.id],
    ...(node ? Object.entries(node.inputs).map(([role, id]): [string, string] => [`input ${role}`, id]) : []),
    ['data', typeof manifest?.inputs.data === 'string' ? manifest.inputs.data.replace(/@(.{12}).*/, '@$1') : undefined],
    ['serves', node && node.uses.length > 1 ? `${count(node.uses.length, 'place')} of the grid` : undefined],
  ];
  const parts = [[name, ...factLines(facts)]];
  const values = node ? valuesOfNode(node, run) : undefined;
  if (values) parts.push(valueBlock(values));
  else if (manifest) parts.push(['  parameters that are no defaults', `  ${JSON.stringify(manifest.params)}`]);
  if (record) parts.push(fileLines(record, run?.nodeFolder(name)));
  const attempts = run ? attemptsOf(store, run.id, name) : [];
  if (attempts.length > 0) parts.push(attemptBlock(attempts));
  return `${parts
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`;
}

function stateOf(store: Store, key: string, record: KeyRecord | undefined): string {
  if (record) return readKey(store, key) ? 'done' : 'on record, but some of its files are gone';
  const holder = leaseHolder(store, key);
  return holder ? `running in process ${holder.pid} on ${holder.host}` : 'not computed';
}

/** With the origins that the run froze for the cell where the node is used first; a node of an older run has none. */
function valuesOfNode({ uses, params, manifest }: PlanNode, run: FoundNode['run']): Value[] {
  const [use] = uses;
  const cell = run && frozenExperiment(run)?.cells?.find(({ id }) => id === use?.cell);
  const stage = cell?.stages.find(({ name }) => name === use?.stage);
  return valuesOf({ kind: manifest.stage, params: params as JsonObject, origins: stage?.origins ?? {} });
}

function fileLines({ artifacts }: KeyRecord, folder: string | undefined): string[] {
  return Object.entries(artifacts).flatMap(([role, files]) =>
    Object.entries(files).map(([file, { bytes, sha256 }]) => {
      const published = folder && join(folder, role, file);
      const place = published && existsSync(published) ? shortest(published) : `object ${sha256.slice(0, 12)}`;
      return `  ${role}/${file}  ${formatSize(bytes)}  ${place}`;
    }),
  );
}

function attemptsOf(store: Store, run: string, node: string): Attempt[] {
  const attempts: Attempt[] = [];
  for (const event of readNodeEvents(eventsPath(store, run), node)) {
    const last = attempts.at(-1);
    if (event.type === 'node-started') {
      const { attempt, at, fromStep, steps, log } = event;
      attempts.push({ attempt, startedAt: at, fromStep, steps, log });
    }
    if (event.type === 'attempt-ended' && last?.attempt === event.attempt)
      attempts[attempts.length - 1] = { ...last, end: event };
  }
  return attempts;
}

function attemptBlock(attempts: readonly Attempt[]): string[] {
  return textBlock([
    { header: '  attempt', cells: attempts.map(({ attempt }) => `  ${attempt}`) },
    { header: 'started (UTC)', cells: attempts.map(({ startedAt }) => startedAt.slice(0, 19).replace('T', ' ')) },
    {
      header: 'steps',
      cells: attempts.map(({ fromStep, steps, end }) => `${fromStep} to ${end?.toStep ?? '?'} of ${steps}`),
    },
    { header: 'end', cells: attempts.map(({ end }) => (end ? [end.end, end.failure].filter(Boolean).join(' ') : '-')) },
    { header: 'took', cells: attempts.map(({ end }) => (end ? duration(end.wallSeconds) : '-')), right: true },
    { header: 'CPU', cells: attempts.map(({ end }) => (end ? duration(end.cpuSeconds) : '-')), right: true },
    { header: 'memory', cells: attempts.map(({ end }) => (end ? formatSize(end.peakMemory) : '-')), right: true },
    { header: 'waited', cells: attempts.map(({ end }) => timeOf(end?.waitedSeconds)), right: true },
    { header: 'read', cells: attempts.map(({ end }) => sizeOf(end?.bytesRead)), right: true },
    { header: 'written', cells: attempts.map(({ end }) => sizeOf(end?.bytesWritten)), right: true },
    { header: 'on', cells: attempts.map(({ end }) => placeOf(end)) },
    { header: 'log', cells: attempts.map(({ log }) => shortest(log)) },
  ]);
}

/** Runs of earlier versions do not say. */
function timeOf(seconds: number | undefined): string {
  return seconds === undefined ? '-' : duration(seconds);
}

function sizeOf(bytes: number | undefined): string {
  return bytes === undefined ? '-' : formatSize(bytes);
}

function placeOf(end: Attempt['end']): string {
  if (end?.device === undefined) return '-';
  return end.gpus ? `${end.device}, ${count(end.gpus, 'GPU')}` : end.device;
}
