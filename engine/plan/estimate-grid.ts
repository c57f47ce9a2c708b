/** Estimates of nodes added up: the price of a plan. */
import type { Estimate, Spread } from './estimate.ts';
import type { PlanNode } from './plan.ts';

export interface PricedNode {
  readonly node: PlanNode;
  /** Absent for hits and for nodes made on the way of another. */
  readonly estimate?: Estimate;
  readonly costs: 'something' | 'nothing' | 'unknown';
  /** Held while it runs. */
  readonly gpus?: number;
  /** As its stage says beforehand; goes before what earlier results took. */
  readonly knownBytes?: number;
  /** What its steps have put into the store already: of its files, or where there are `passingBytes` of these. */
  readonly storedBytes?: number;
  /** In the store on the way, as its stage says beforehand, and until garbage is collected; no part of its files. */
  readonly passingBytes?: number;
}

export interface Price {
  /** Of all attempts together; the interval as if all were slow or fast together. */
  readonly seconds: Spread;
  /** The longest chain of nodes that wait for each other: with however many processors not less. */
  readonly longestChainSeconds: number;
  /** Seconds times GPUs held, where the experiment says how many. */
  readonly gpuSeconds: number;
  readonly bytes: number;
  readonly estimated: number;
  readonly withoutHistory: number;
  /** Stage kinds that lack history. */
  readonly unknownStages: readonly string[];
  /** Estimated from results whose settings were only similar. */
  readonly fromOtherSettings: number;
  /** Estimated from nothing but the pace of a few steps. */
  readonly fromProbes: number;
  /** That would run, and nobody knows how many bytes they make. */
  readonly withoutBytes: number;
}

export function priceOf(nodes: readonly PricedNode[]): Price {
  const estimates = nodes.flatMap(({ estimate }) => (estimate ? [estimate] : []));
  const unknown = nodes.filter(({ costs }) => costs === 'unknown');
  const sum = (of: (estimate: Estimate) => number) => estimates.reduce((total, estimate) => total + of(estimate), 0);
  return {
    seconds: {
      median: sum(({ seconds }) => seconds.median),
      low: sum(({ seconds }) => seconds.low),
      high: sum(({ seconds }) => seconds.high),
    },
    longestChainSeconds: longestChain(nodes),
    gpuSeconds: nodes.reduce((total, { estimate, gpus = 0 }) => total + gpus * (estimate?.seconds.median ?? 0), 0),
    bytes: nodes.reduce((total, node) => total + (bytesOf(node) ?? 0), 0),
    estimated: estimates.length,
    withoutHistory: unknown.length,
    unknownStages: [...new Set(unknown.map(({ node }) => node.manifest.stage))],
    fromOtherSettings: estimates.filter(({ sameSettings }) => !sameSettings).length,
    fromProbes: estimates.filter(({ probe }) => probe).length,
    withoutBytes: nodes.filter((node) => node.costs !== 'nothing' && bytesOf(node) === undefined).length,
  };
}

/** That are still to be made. */
function bytesOf({ estimate, knownBytes, storedBytes = 0, passingBytes = 0 }: PricedNode): number | undefined {
  const bytes = knownBytes ?? estimate?.bytes;
  return bytes === undefined ? undefined : Math.max(0, bytes - (passingBytes > 0 ? 0 : storedBytes));
}

/** Nodes come after their inputs. */
function longestChain(nodes: readonly PricedNode[]): number {
  const ends = new Map<string, number>();
  for (const { node, estimate } of nodes) {
    const ready = Math.max(0, ...Object.values(node.inputs).map((id) => ends.get(id) ?? 0));
    ends.set(node.id, ready + (estimate?.seconds.median ?? 0));
  }
  return Math.max(0, ...ends.values());
}
