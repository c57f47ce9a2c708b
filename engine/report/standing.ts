/**
 * How a run stands, from its events alone: how many nodes are in which state, what is at work, what went wrong, what it took.
 * Pure. What has been made of some events can be kept and gone on from with those that came later.
 */
import type { NodeState, RunEvent } from '../events.ts';
import { type KeptLedger, Ledger, type LedgerTotals } from './ledger.ts';
import { advance, EMPTY, type NodeView, nodeInState } from './tui/view-model.ts';

export interface Standing {
  /** Nodes of which anything is known; what waits may be among them. */
  readonly known: number;
  readonly counts: Readonly<Partial<Record<NodeState, number>>>;
  /** At work, or left so by a driver that was killed. */
  readonly running: readonly RunningNode[];
  readonly failures: readonly NodeFailure[];
  readonly warnings: readonly string[];
  readonly ledger: LedgerTotals;
}

export type RunningNode = Omit<NodeView, 'history' | 'order'>;
export type NodeFailure = Pick<Extract<RunEvent, { type: 'node-failed' }>, 'node' | 'failure' | 'log'>;

/** As JSON. */
export interface KeptAccount {
  /** Nodes that are not at work: only the state says anything of what comes next. */
  readonly states: Readonly<Partial<Record<NodeState, readonly string[]>>>;
  readonly running: readonly RunningNode[];
  readonly failures: readonly NodeFailure[];
  readonly warnings: readonly string[];
  readonly ledger: KeptLedger;
}

/** Events of a run in their order, which may be brief ones, come to this. */
export class RunAccount {
  #model = EMPTY;
  /** Of nodes that nothing was heard of since they were kept, without a view of each: there are thousands. */
  readonly #settled = new Map<string, NodeState>();
  #ledger = new Ledger();
  /** Also of nodes that have been tried again since. */
  readonly #failures = new Map<string, NodeFailure>();

  add(events: readonly RunEvent[]): this {
    this.#unsettle(events);
    this.#model = advance(this.#model, events);
    for (const event of events) {
      this.#ledger.add(event);
      if (event.type !== 'node-failed') continue;
      const { node, failure, log } = event;
      this.#failures.set(node, { node, failure, log });
    }
    return this;
  }

  /** `driven`: somebody is at work on it now. */
  standing(driven: boolean): Standing {
    const { warnings } = this.#model;
    const counts: Partial<Record<NodeState, number>> = {};
    let known = 0;
    for (const [, state] of this.#states()) {
      counts[state] = (counts[state] ?? 0) + 1;
      known++;
    }
    const running = this.#running();
    return {
      ...{ known, counts, running },
      failures: [...this.#failures.values()].filter(({ node }) => this.#stateOf(node) === 'failed'),
      warnings,
      ledger: this.#ledger.totals(driven ? new Set(running.map(({ id }) => id)) : undefined),
    };
  }

  kept(): KeptAccount {
    const states: Partial<Record<NodeState, string[]>> = {};
    for (const [id, state] of this.#states()) {
      if (state === 'running') continue;
      const ids = states[state];
      if (ids) ids.push(id);
      else states[state] = [id];
    }
    return {
      states,
      running: this.#running(),
      failures: [...this.#failures.values()],
      warnings: this.#model.warnings,
      ledger: this.#ledger.kept(),
    };
  }

  static of({ states, running, failures, warnings, ledger }: KeptAccount): RunAccount {
    const account = new RunAccount();
    for (const [state, ids] of Object.entries(states))
      for (const id of ids) account.#settled.set(id, state as NodeState);
    const nodes = running.map((node): [string, NodeView] => [
      node.id,
      { ...nodeInState(node.id, node.state), ...node },
    ]);
    account.#model = { ...EMPTY, nodes: new Map(nodes), warnings };
    account.#ledger = Ledger.of(ledger);
    for (const failure of failures) account.#failures.set(failure.node, failure);
    return account;
  }

  /** What these events speak of is looked at in full from now on. */
  #unsettle(events: readonly RunEvent[]): void {
    if (this.#settled.size === 0) return;
    const heardOf = new Map(this.#model.nodes);
    for (const event of events) {
      if (event.type === 'run-started') {
        this.#settled.clear();
        return;
      }
      const state = 'node' in event && event.node !== undefined ? this.#settled.get(event.node) : undefined;
      if (state === undefined || !('node' in event) || event.node === undefined) continue;
      this.#settled.delete(event.node);
      heardOf.set(event.node, nodeInState(event.node, state));
    }
    this.#model = { ...this.#model, nodes: heardOf };
  }

  *#states(): Generator<readonly [node: string, state: NodeState]> {
    yield* this.#settled;
    for (const { id, state } of this.#model.nodes.values()) yield [id, state];
  }

  #stateOf(node: string): NodeState | undefined {
    return this.#settled.get(node) ?? this.#model.nodes.get(node)?.state;
  }

  #running(): RunningNode[] {
    return [...this.#model.nodes.values()]
      .filter(({ state }) => state === 'running')
      .map(({ history: _, order: __, ...node }) => node);
  }
}

export function standingOf(events: readonly RunEvent[], driven: boolean): Standing {
  return new RunAccount().add(events).standing(driven);
}
