/**
 * The folders of one run of a program, made anew for each:
 *
 *     work/         where it runs; holds the declared files, and nothing else
 *     in/<role>/    what stands upstream
 *     out/<role>/   for what it makes
 *     params.json   parameters, seed and folders
 */
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, isAbsolute, join, normalize, resolve } from 'node:path';
import { canonicalJson } from '../../base/canonical-json.ts';
import { sha256 } from '../../base/digest.ts';
import type { Json, JsonObject } from '../../base/json.ts';
import { FailureError } from '../../base/result.ts';
import { partNamed } from '../../data/selection.ts';
import type { ArtifactFiles, StageContext } from '../stage.ts';
import { filled } from './placeholders.ts';

export interface Workspace {
  readonly folder: string;
  /** The folder of the experiment where nothing is declared: such a program sees what it likes. */
  readonly work: string;
  /** With every placeholder filled in. */
  readonly argv: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What the program has made, by declared role; everything else is named by `undeclared`. */
  collect(): Readonly<Record<string, ArtifactFiles>>;
  undeclared(): readonly string[];
  remove(): void;
}

export function makeWorkspace(context: StageContext): Workspace {
  const { params, inputs, data, seed } = context;
  const outputs = params.outputs as string[];
  const folder = mkdtempSync(join(tmpdir(), 'retort-command-'));
  const out = join(folder, 'out');
  for (const inner of ['work', 'in', ...outputs.map((role) => join('out', role))])
    mkdirSync(join(folder, inner), { recursive: true });
  for (const [role, reader] of Object.entries(inputs)) {
    mkdirSync(join(folder, 'in', role), { recursive: true });
    for (const file of reader.files) writeFileSync(join(folder, 'in', role, file), reader.read(file));
  }
  copyDeclared(context, join(folder, 'work'));
  const number = seedNumber(seed as unknown as JsonObject);
  const { set, selection } = partNamed(data.set);
  const facts = {
    params: params.params as JsonObject,
    seed: number,
    seeds: seed as unknown as JsonObject,
    in: Object.fromEntries(Object.keys(inputs).map((role) => [role, join(folder, 'in', role)])),
    out,
    data: { set, ...(selection as JsonObject), folder: resolve(data.folder) },
  };
  const paramsFile = join(folder, 'params.json');
  writeFileSync(paramsFile, `${JSON.stringify(facts, null, 2)}\n`);
  const values: Record<string, string> = { out, params: paramsFile, seed: String(number), data: facts.data.folder };
  for (const [role, path] of Object.entries(facts.in)) values[`in.${role}`] = path;
  return {
    folder,
    work: params.files === undefined ? resolve(context.folder ?? '.') : join(folder, 'work'),
    argv: (params.run as Json[]).map((word) => filled(String(word), values)),
    environment: environmentOf(params, {
      folder,
      out,
      paramsFile,
      seed: number,
      data: facts.data,
      threads: context.threads ?? 1,
    }),
    collect: () => Object.fromEntries(outputs.map((role) => [role, filesIn(join(out, role), role)])),
    undeclared: () => readdirSync(out).filter((name) => !outputs.includes(name)),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** Each as it was when the plan was made: a file that changed since then would be kept under the key of another. */
function copyDeclared({ params, folder }: StageContext, to: string): void {
  const declared = (params.files ?? []) as string[] | Record<string, string>;
  const digests = Array.isArray(declared) ? {} : declared;
  for (const path of Array.isArray(declared) ? declared : Object.keys(declared)) {
    const from = resolve(folder ?? '.', path);
    const bytes = readFileSync(from);
    if (digests[path] !== undefined && digests[path] !== sha256(bytes))
      throw new FailureError({
        code: 'COMMAND_FILE_CHANGED',
        message: `The file ${path} has changed since this run was planned.`,
        place: from,
        help: 'Run the experiment again: it is planned with the file as it is now.',
      });
    const inner = join(to, plainPath(path));
    mkdirSync(dirname(inner), { recursive: true });
    writeFileSync(inner, bytes, { mode: 0o755 });
  }
}

/** A file from beside or above the experiment lies in the folder by its last name. */
function plainPath(path: string): string {
  const plain = normalize(path);
  return isAbsolute(plain) || plain.startsWith('..') ? (plain.split(/[\\/]/).at(-1) ?? plain) : plain;
}

/** 31 bits, which every generator takes; another for every set and evaluation. */
function seedNumber(seed: JsonObject): number {
  return Number.parseInt(sha256(canonicalJson(seed)).slice(0, 8), 16) >>> 1;
}

interface Told {
  readonly folder: string;
  readonly out: string;
  readonly paramsFile: string;
  readonly seed: number;
  readonly data: { readonly set: string; readonly folder: string };
  readonly threads: number;
}

/** What every program needs to be found and to run at all; nothing else comes from outside unless it is named. */
const ALWAYS = ['PATH', 'HOME', 'SystemRoot', 'CUDA_VISIBLE_DEVICES'];

function environmentOf(
  params: JsonObject,
  { folder, out, paramsFile, seed, data, threads }: Told,
): Record<string, string> {
  const allowed = [...ALWAYS, ...(params.environment as string[])];
  return {
    LANG: 'C.UTF-8',
    PYTHONUNBUFFERED: '1',
    TMPDIR: join(folder, 'work'),
    OMP_NUM_THREADS: String(threads),
    ...Object.fromEntries(
      allowed.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
    ),
    ...(params.variables as Record<string, string>),
    RETORT_OUT: out,
    RETORT_IN: join(folder, 'in'),
    RETORT_PARAMS: paramsFile,
    RETORT_SEED: String(seed),
    RETORT_DATA: data.folder,
    RETORT_DATA_SET: data.set,
  };
}

function filesIn(folder: string, role: string): ArtifactFiles {
  const entries = readdirSync(folder, { withFileTypes: true });
  const nested = entries.find((entry) => !entry.isFile());
  if (entries.length === 0 || nested)
    throw new FailureError({
      code: 'COMMAND_OUTPUT_MISSING',
      message: nested
        ? `The program has made ${role}/${nested.name}, which is no file: what it makes lies flat in {out}/${role}.`
        : `The program has ended well, but has made nothing of its output \`${role}\`.`,
      help: `Files of it belong into {out}/${role} ($RETORT_OUT/${role}); \`outputs\` lists what there must be.`,
    });
  return Object.fromEntries(entries.map(({ name }) => [name, new Uint8Array(readFileSync(join(folder, name)))]));
}
