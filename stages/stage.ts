/**
 * What a stage kind is. The engine knows only this interface; a stage knows only its context.
 * Reference implementation to read first: `select/`.
 *
 * `State` is a value: with the frozen parameters and inputs it is all that influences the next step, so the engine can
 * save it at any step and a resumed attempt gives byte-identical artifacts. `Env` (compiled programs, open readers)
 * is rebuilt at every start and never saved.
 */
import type { JsonObject } from '../base/json.ts';
import type { Result } from '../base/result.ts';
import type { DataSetFacts, DataSummary } from '../data/data-set.ts';
import type { Backend } from '../tensor/backends/backend.ts';
import type { Tensor } from '../tensor/tensor.ts';

export interface State {
  readonly tensors: Readonly<Record<string, Tensor>>;
  readonly values: JsonObject;
}

/** What an output holds, so that a wrong wiring is found before anything runs. */
export type ArtifactType =
  | 'synthetic-set'
  | 'network'
  | 'trajectories'
  | 'metrics'
  | 'soft-labels'
  | 'pictures'
  | 'statistics';

/** Which replicate axes draw this stage's random numbers. `set` is a synthetic set, `evaluation` a network trained on it. */
export type ReplicateAxis = 'set' | 'evaluation';

/** The seed of a node; part of its key. Axes on which the stage does not depend are absent. */
export interface Seed {
  readonly base: number;
  readonly set?: number;
  readonly evaluation?: number;
}

/** A file in the store. */
export interface StoredFile {
  readonly sha256: string;
  readonly bytes: number;
}

/** Bytes of a file, `to` outside. */
export interface ByteRange {
  readonly from: number;
  readonly to: number;
}

export interface ArtifactReader {
  readonly files: readonly string[];
  /** The whole file, checked against its digest, or a part of it: of files too large to be held, its length is checked. */
  read(name: string, range?: ByteRange): Uint8Array;
  /** As the result that made it says; nothing is read. */
  describe(name: string): StoredFile;
}

/**
 * Files that are finished before the stage is: a step puts them into the store and keeps their names in `State.values`.
 * A step must give the same file when it is made again, since one that has gone from the store is.
 */
export interface StepFiles {
  put(bytes: Uint8Array): StoredFile;
  has(file: StoredFile): boolean;
  /** The bytes again, or a part of them, of a file that is there. */
  read(file: StoredFile, range?: ByteRange): Uint8Array;
}

/** Names of the experiment's data set and where it lies on this machine (the folder is never part of a key). */
export interface DataLocation {
  readonly set: string;
  readonly folder: string;
}

export interface StageContext {
  /** Validated against the stage's schema, defaults filled in. */
  readonly params: JsonObject;
  readonly seed: Seed;
  /**
   * By role, as `inputs` of the stage declares them. A role with `many` holds its stages as `role[0]`, `role[1]`, … in the
   * order of the experiment, also where it is one; `listOf` of `input-roles.ts` gives them as a list.
   */
  readonly inputs: Readonly<Record<string, ArtifactReader>>;
  readonly data: DataLocation;
  /** Which part of the work this is, one of what `StageKind.shards` gave; all of it where absent. */
  readonly shard?: JsonObject;
  readonly backend: Backend;
  /** Where the experiment lies, for files that its parameters name; never part of a key. */
  readonly folder?: string;
  /** Native threads of the attempt. */
  readonly threads?: number;
  readonly files: StepFiles;
  /** Sends figures of the current step (loss, accuracy …) to the reporters; never influences a result. */
  report(figures: Readonly<Record<string, number>>): void;
  /** Tells the user of something that does not end the stage; never influences a result. */
  warn?(message: string): void;
}

/** Files by name, of one output role. */
export type ArtifactFiles = Readonly<Record<string, Uint8Array>>;

export interface StageResult {
  readonly artifacts: Readonly<Record<string, ArtifactFiles>>;
  /** Files of the same roles that are too many to be held at once: each is made when its turn has come to be stored. */
  readonly deferred?: Readonly<Record<string, Readonly<Record<string, () => Uint8Array>>>>;
  /** Files of the same roles that steps have put into the store. */
  readonly stored?: Readonly<Record<string, Readonly<Record<string, StoredFile>>>>;
  /** Final figures (`accuracy`, `loss` …), kept in the key file and shown in tables. */
  readonly metrics: Readonly<Record<string, number>>;
}

/**
 * A JSON Schema object of the parameters: `properties` with description, default, units in the description. A property
 * that is a map may have `named: { what, values }` beside the keywords of JSON Schema: names that stand for whole maps.
 * Experiments may write either; a stage only ever sees the map.
 */
export interface ParameterSchema {
  readonly type: 'object';
  readonly properties: Readonly<Record<string, JsonObject>>;
  readonly required?: readonly string[];
}

/** What is wrong, and where: a path into the parameters. */
export interface RuleProblem {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** A stage as one that reads it sees it before anything runs. */
export interface InputStage {
  /** As the experiment names it. */
  readonly name: string;
  readonly kind: string;
  readonly params: JsonObject;
  /** By role, those of a role with `many` as `role[0]`, `role[1]`, … */
  readonly inputs: Readonly<Record<string, InputStage>>;
}

/** The path may also begin with the role of an input (one of several: `[role, index]`). */
export interface InputProblem extends RuleProblem {
  /** The parameter of an input (`role`, or `role[1]` of several) that it does not go with; its place is shown too. */
  readonly against?: { readonly role: string; readonly path: readonly (string | number)[] };
}

export interface UserFile {
  /** For failures. */
  readonly place: string;
  readonly bytes: Uint8Array;
}

/** A stage that reads another, as the experiment has it. */
export type ReadingStage = Pick<InputStage, 'kind' | 'params'>;

export interface InputRole {
  readonly type: ArtifactType;
  readonly required: boolean;
  readonly description: string;
  /** An experiment may name a list of stages, each once. */
  readonly many?: boolean;
}

/** One of the shards whose results are joined; its file is read when asked for. */
export interface ShardFile {
  readonly shard: JsonObject;
  read(): Uint8Array;
}

export interface ShardMetrics {
  readonly shard: JsonObject;
  readonly metrics: Readonly<Record<string, number>>;
}

/** What is known of the data when shards are planned: the set's facts, its counts where its files have been found. */
export type ShardedData = DataSetFacts & Partial<DataSummary>;

export interface StageKind {
  readonly kind: string;
  /** Bumped when results may change for equal parameters. */
  readonly version: number;
  readonly description: string;
  readonly parameters: ParameterSchema;
  readonly inputs: Readonly<Record<string, InputRole>>;
  readonly outputs: Readonly<Record<string, { type: ArtifactType; description: string }>>;
  /** Names of the figures that it may end with; absent where a program of the user says them. */
  readonly figures?: readonly string[];
  /** Which of the outputs are made; all of them where absent. */
  outputRoles?(params: JsonObject): readonly string[];
  /**
   * The parameter that lists files of the user, relative to the experiment. Before planning, their digests are put in its
   * place; where it is missing, another parameter gets a value that never comes again (a kind that demands it names none).
   * A single file may stand without a list. `check`: whether a file can be used with these data by the stages that read
   * what is made of it, asked before anything runs; what else it says of the file, `bytes` of this stage and of those are
   * given with the parameters.
   */
  readonly userFiles?: {
    readonly list: string;
    readonly untracked?: string;
    check?(file: UserFile, data: DataSetFacts, readers: readonly ReadingStage[]): Promise<Result<JsonObject>>;
  };
  /** Parameters that only steer how it runs and cannot change a result: never part of a key. */
  readonly steering?: readonly string[];
  readonly replicates: readonly ReplicateAxis[];
  readonly usesData: boolean;
  /** Native threads of an attempt unless the experiment's `resources` say otherwise. */
  readonly threads: number;
  /**
   * The parameter that is the number of steps, where no step depends on it: the state after k steps is the same whatever
   * the total, and `snapshot` of it is what a run of k steps finishes with. Longer runs then go on from the kept ends of
   * shorter ones. The conformance suite holds every kind that names one to this.
   */
  readonly prefixExtending?: string;
  /** The number of steps from the parameters alone: of kinds whose runs have `snapshot` though their steps depend on it. */
  steps?(params: JsonObject, shard?: JsonObject): number;
  /** Defaults that hang on other parameters (a method has its own); those of the schema fill in what they leave. */
  defaults?(written: JsonObject): JsonObject;
  /**
   * Bytes of the files that it makes, as far as they are known before it runs (`bytes/`): for `plan`, so that its sum is
   * complete. Numbers in tensors are exact, what stands around them nearly, pictures are as large as such pictures are.
   * `inputs`: the parameters of the stages that are read, by role; `shard`: of this part alone. Undefined where that is not
   * enough.
   */
  bytes?(
    params: JsonObject,
    inputs: Readonly<Record<string, JsonObject>>,
    data: ShardedData | undefined,
    shard?: JsonObject,
  ): number | undefined;
  /**
   * Bytes that its steps put into the store on their way and that are no file of the result: they stay until a collection of
   * garbage. Asked as `bytes` is; none where absent.
   */
  passingBytes?(params: JsonObject, data: ShardedData | undefined, shard?: JsonObject): number;
  /** Cross-field rules of the parameters that JSON Schema cannot say; messages as sentences. */
  rules?(params: JsonObject): readonly RuleProblem[];
  /**
   * Rules between the parameters and the stages that are read; `written`: the parameters that the experiment names; `data`
   * where their files have been found.
   */
  inputRules?(
    params: JsonObject,
    inputs: Readonly<Record<string, InputStage>>,
    written?: ReadonlySet<string>,
    data?: DataSummary,
  ): readonly InputProblem[];
  /** Rules between the parameters and the data set, where its files have been found. */
  dataRules?(params: JsonObject, data: DataSummary): readonly RuleProblem[];
  /**
   * How the work is split, where these parameters say so: for each shard a small JSON object of what it covers, such as
   * `{ classes: [0, 10] }` (the end is outside), in the order in which their results are joined. With fewer than two the
   * stage is one node, as if it had no shards. Otherwise each is a node of its own, whose key holds what it covers and not
   * how many others there are: it must depend on nothing else of the splitting (its random numbers count from what it
   * covers). One more node, which all readers read, joins their results. `data` is undefined only where nothing is known;
   * `inputs`: the parameters of the stages that are read, by role.
   *
   * The joined result has the files of all shards under their own names, so a shard names its files by what it covers
   * (`rangeName` of `shards.ts`): nothing is read or copied. Files of one name and equal bytes are one file.
   */
  shards?(
    params: JsonObject,
    data: ShardedData | undefined,
    inputs?: Readonly<Record<string, JsonObject>>,
  ): readonly JsonObject[];
  /** Parameters that only say how the work is split: never part of a key, and never seen by the stage. */
  readonly splitting?: readonly string[];
  /**
   * Parameters that say how much there is, where a shard says it by what it covers: neither in the key of a shard nor seen
   * by it, so that the same part of more is the same node. Of a stage in one piece, and of what joins, they are.
   */
  readonly covered?: readonly string[];
  /** One file out of those of one name in which the shards differ; small ones, since its bytes are held. */
  joinFile?(role: string, name: string, files: readonly ShardFile[]): Uint8Array;
  /** Figures of the whole out of those of the shards; their means where absent. */
  joinMetrics?(parts: readonly ShardMetrics[]): Readonly<Record<string, number>>;
  open(context: StageContext): Promise<StageRun>;
}

/** A stage opened for one attempt: `env` is what its methods close over. */
export interface StageRun {
  readonly steps: number;
  init(): State | Promise<State>;
  /** Step `index` (from 0) of `steps`. */
  step(state: State, index: number): State | Promise<State>;
  finish(state: State): StageResult | Promise<StageResult>;
  /** The result as it would be after fewer steps; changes nothing of the state. Of kinds that say their number of steps. */
  snapshot?(state: State): StageResult | Promise<StageResult>;
  /**
   * The attempt is to stop while a step is under way that may take long: the step rejects with `StepInterrupted` as soon as
   * it has ended, and the state before it is kept. Steps of other kinds are waited for.
   */
  interrupt?(): void;
  close?(): void;
}
