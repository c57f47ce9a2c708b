/**
 * What keys do in the live view. Pure: key + view → view and perhaps an action for the owner of the terminal. Nothing that
 * stops work happens without a question.
 */
import type { NodeView, ViewModel } from './view-model.ts';

export interface Interaction {
  readonly mode: 'list' | 'filter' | 'log' | 'confirm';
  /** Only nodes whose id or state has it. */
  readonly filter: string;
  readonly selected?: string;
  /** What is asked about: a node, or the run where none is named. */
  readonly asked?: { readonly node?: string };
  /** The answer to the last key, until the next one. */
  readonly note?: string;
}

export const AT_REST: Interaction = { mode: 'list', filter: '' };

export interface Key {
  /** What was typed, if it is a character. */
  readonly input: string;
  readonly name?: 'up' | 'down' | 'return' | 'escape' | 'backspace' | 'interrupt' | 'suspend';
}

export type Action =
  | { readonly do: 'cancel'; readonly node?: string }
  /** As Ctrl-C, which raw terminals hand over as a key. */
  | { readonly do: 'interrupt' }
  | { readonly do: 'suspend' }
  | { readonly do: 'leave' };

export interface Answer {
  readonly view: Interaction;
  readonly action?: Action;
}

export function onKey(view: Interaction, key: Key, model: ViewModel): Answer {
  if (key.name === 'interrupt' || key.name === 'suspend') return { view, action: { do: key.name } };
  const { note: _, ...rest } = view;
  switch (view.mode) {
    case 'filter':
      return { view: inFilter(rest, key) };
    case 'confirm':
      return inConfirm(rest, key);
    case 'log':
      if (key.name === 'escape' || key.name === 'return' || ['q', 'l'].includes(key.input))
        return { view: { ...rest, mode: 'list' } };
      return inList(rest, key, model);
    case 'list':
      return inList(rest, key, model);
  }
}

/** In the order of the plan. */
export function matching({ nodes }: ViewModel, filter: string): NodeView[] {
  const all = [...nodes.values()];
  return filter ? all.filter(({ id, state }) => id.includes(filter) || state.startsWith(filter)) : all;
}

function inFilter(view: Interaction, { input, name }: Key): Interaction {
  if (name === 'return') return { ...view, mode: 'list' };
  if (name === 'escape') return { ...view, mode: 'list', filter: '' };
  if (name === 'backspace') return { ...view, filter: [...view.filter].slice(0, -1).join('') };
  return { ...view, filter: view.filter + input };
}

function inConfirm({ asked, ...view }: Interaction, { input }: Key): Answer {
  const list: Interaction = { ...view, mode: 'list' };
  if (input !== 'y' && input !== 'Y') return { view: { ...list, note: 'Nothing is cancelled.' } };
  const what = asked?.node ?? 'the run';
  const note = `Cancelling ${what}: it ends with a checkpoint.`;
  return { view: { ...list, note }, action: { do: 'cancel', ...(asked?.node !== undefined && { node: asked.node }) } };
}

function inList(view: Interaction, { input, name }: Key, model: ViewModel): Answer {
  if (name === 'up' || input === 'k') return { view: moved(view, model, -1) };
  if (name === 'down' || input === 'j') return { view: moved(view, model, 1) };
  if (name === 'escape') {
    const { selected: _, ...rest } = view;
    return { view: { ...rest, mode: 'list', filter: '' } };
  }
  if (name === 'return' || input === 'l') return { view: openLog(view, model) };
  switch (input) {
    case '/':
      return { view: { ...view, mode: 'filter' } };
    case 'c':
      return { view: askToCancel(view, model) };
    case 'C':
      return { view: { ...view, mode: 'confirm', asked: {} } };
    case 'q':
      return { view, action: { do: 'leave' } };
    default:
      return { view };
  }
}

/** Begins at what runs, since that is what people look for. */
function moved(view: Interaction, model: ViewModel, by: 1 | -1): Interaction {
  const nodes = matching(model, view.filter);
  const at = nodes.findIndex(({ id }) => id === view.selected);
  const running = Math.max(
    0,
    nodes.findIndex(({ state }) => state === 'running'),
  );
  const next = at < 0 ? running : Math.min(nodes.length - 1, Math.max(0, at + by));
  const selected = nodes[next]?.id;
  return selected === undefined ? { ...view, note: 'No node matches.' } : { ...view, selected };
}

function openLog(view: Interaction, model: ViewModel): Interaction {
  const node = model.nodes.get(view.selected ?? '');
  if (!node) return { ...view, note: 'Select a node first (↑ ↓).' };
  return node.log ? { ...view, mode: 'log' } : { ...view, note: `${node.id} has no log in this run.` };
}

function askToCancel(view: Interaction, model: ViewModel): Interaction {
  const node = model.nodes.get(view.selected ?? '');
  if (!node) return { ...view, note: 'Select a node first (↑ ↓), or C for the whole run.' };
  if (node.state !== 'running' && node.state !== 'waiting' && node.state !== 'joined')
    return { ...view, note: `${node.id} is ${node.state}: nothing to cancel.` };
  return { ...view, mode: 'confirm', asked: { node: node.id } };
}
