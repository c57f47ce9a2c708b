/** One frame of the live view, from the view model alone. Below the terminal's height, whatever the grid's size. */
import { Box, Text } from 'ink';
import { type ReactNode, useMemo } from 'react';
import type { NodeState } from '../../events.ts';
import { count, duration, figures } from '../wording.ts';
import { bottomLine } from './bottom-line.ts';
import { type Column, columnsFor } from './columns.ts';
import { type Interaction, matching } from './interaction.ts';
import { COLOURS, type Marks, progressBar, shorten } from './marks.ts';
import { cellsOver, type NodeView, type ViewModel } from './view-model.ts';
import { chooseNodes, heatMap, scrolled } from './window.ts';

export interface FrameProps {
  readonly model: ViewModel;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly columns: number;
  readonly rows: number;
  readonly colour: boolean;
  readonly marks: Marks;
  /** Where keys are read. */
  readonly view?: Interaction;
  /** The last lines of the log that is open. */
  readonly logLines?: readonly string[];
}

const SPARE_ROWS = 1;
const HEAT_ROWS = 2;
/** Enough for "press Ctrl-C again" on 40 columns. */
const INTERRUPT_ROWS = 3;
const LOW = 12;
const LONGEST_NAME = 56;
const SHORTEST_NAME = 18;
/** Columns that a running row wants beside its name: bar, percent, time left and loss; on a narrow terminal less. */
const WANTED = { wide: 47, narrow: 18 };

export function Frame(props: FrameProps): ReactNode {
  const { model, columns, rows, marks, view, logLines = [] } = props;
  // Least important first: a very low terminal loses the warnings, then the counts; never the nodes.
  const interrupt =
    model.interrupt === undefined ? [] : wrapped(model.interrupt, columns).slice(0, rows < LOW ? 1 : INTERRUPT_ROWS);
  const room = rows - SPARE_ROWS - 1 - interrupt.length - (view ? 1 : 0);
  const warnings = room > 8 ? model.warnings : [];
  const counts = room > 4;
  const forNodes = Math.max(1, room - warnings.length - (counts ? 2 : 0));
  const overflows = model.nodes.size > forNodes;
  const heat = overflows && forNodes > 8 ? heatMap(model, columns * HEAT_ROWS) : [];
  const forList = forNodes - Math.ceil(heat.length / columns);
  const narrowed = view && (view.filter || view.selected !== undefined);
  const { shown, hidden } = narrowed
    ? scrolled(matching(model, view.filter), view.selected, forList)
    : chooseNodes(model, forList);
  const logOpen = view?.mode === 'log';
  const nameRoom = columns - 2 - (columns < 70 ? WANTED.narrow : WANTED.wide);
  const { names, width: nameWidth } = fitNames(shown, Math.min(LONGEST_NAME, Math.max(SHORTEST_NAME, nameRoom)), marks);
  return (
    <Box flexDirection="column" width={columns}>
      <Header {...props} />
      {counts ? <Overview {...props} /> : null}
      {counts ? <Counts {...props} /> : null}
      {heat.length > 0 ? <HeatMap {...props} states={heat} /> : null}
      {(logOpen ? logLines.slice(-forList) : []).map((line, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a line of a log is its position.
        <Text key={index} wrap="truncate">
          {line || ' '}
        </Text>
      ))}
      {(logOpen ? [] : shown).map((node, index) => (
        <NodeRow
          key={node.id}
          {...props}
          node={node}
          selected={node.id === view?.selected}
          name={(names[index] ?? '').padEnd(nameWidth)}
          pieces={columnsFor(columns - 2, nameWidth)}
        />
      ))}
      {hidden > 0 && !logOpen ? (
        <Text wrap="truncate">{`  ${marks.ellipsis} and ${count(hidden, 'more node')}`}</Text>
      ) : null}
      {warnings.map((warning, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two warnings may be equal, and they only ever move up.
        <Paint key={index} colour={props.colour} name="yellow">
          {`! ${warning}`}
        </Paint>
      ))}
      {interrupt.map((line) => (
        <Paint key={line} colour={props.colour} name="yellow" bold>
          {line}
        </Paint>
      ))}
      {view ? (
        <Text wrap="truncate" dimColor={props.colour && view.mode === 'list'}>
          {bottomLine(view, columns)}
        </Text>
      ) : null}
    </Box>
  );
}

function Header({ model, now, columns, colour, marks }: FrameProps): ReactNode {
  const elapsed = duration(Math.max(0, (now - model.startedAt) / 1000));
  const title = shorten(`${model.experiment}${marks.separator}${model.data}`, columns - elapsed.length - 1, marks);
  return (
    <Text wrap="truncate">
      <Text bold={colour}>{title}</Text>
      {' '.repeat(Math.max(1, columns - title.length - elapsed.length))}
      {elapsed}
    </Text>
  );
}

function Overview({ model, columns, colour, marks }: FrameProps): ReactNode {
  const total = model.nodes.size;
  const { waiting, running, joined } = model.counts;
  const over = total - waiting - running - joined;
  // Again only when a node has changed its state: a large grid has many cells.
  // biome-ignore lint/correctness/useExhaustiveDependencies: `changes` counts the changes of the model's nodes.
  const cells = useMemo(() => cellsOver(model), [model.changes, model.cells]);
  const grid =
    columns >= 60 && model.cells.length > 1
      ? `, ${cells.over} of ${count(model.cells.length, 'cell')}${cells.failed > 0 ? ` (${cells.failed} failed)` : ''}`
      : '';
  const label = ` ${over} of ${count(total, 'node')}${grid}`;
  const width = Math.max(4, Math.min(60, columns - label.length));
  return (
    <Text wrap="truncate">
      <Colour name="green" on={colour}>
        {progressBar(total > 0 ? over / total : 0, width, marks)}
      </Colour>
      {label}
    </Text>
  );
}

const SHOWN_COUNTS: readonly NodeState[] = [
  'running',
  'joined',
  'done',
  'hit',
  'failed',
  'skipped',
  'cancelled',
  'waiting',
];

function Counts({ model, colour, marks }: FrameProps): ReactNode {
  const states = SHOWN_COUNTS.filter((state) => model.counts[state] > 0);
  return (
    <Text wrap="truncate">
      {states.map((state, index) => (
        <Text key={state}>
          {index > 0 ? '  ' : ''}
          <Colour name={COLOURS[state]} on={colour}>
            {marks.states[state]}
          </Colour>
          {` ${model.counts[state]} ${state}`}
        </Text>
      ))}
    </Text>
  );
}

function HeatMap({
  states,
  columns,
  colour,
  marks,
}: FrameProps & { readonly states: readonly NodeState[] }): ReactNode {
  const lines: NodeState[][] = [];
  for (let start = 0; start < states.length; start += columns) lines.push(states.slice(start, start + columns));
  return lines.map((line, row) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a row of the map is its position.
    <Text key={row} wrap="truncate">
      {runsOf(line).map(({ state, start, length }) => (
        <Colour key={start} name={COLOURS[state]} on={colour}>
          {marks.states[state].repeat(length)}
        </Colour>
      ))}
    </Text>
  ));
}

/** Neighbours of one state as one piece of text, so that a full row costs a few elements and not a hundred. */
function runsOf(line: readonly NodeState[]): { state: NodeState; start: number; length: number }[] {
  const runs: { state: NodeState; start: number; length: number }[] = [];
  line.forEach((state, start) => {
    const last = runs.at(-1);
    if (last?.state === state) last.length++;
    else runs.push({ state, start, length: 1 });
  });
  return runs;
}

/** Their figures are results; those of a failed node are only where it stood. */
const SETTLED: readonly NodeState[] = ['done', 'hit'];

/** At blanks; what has none is cut by the terminal. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last === undefined || last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = `${last} ${word}`;
  }
  return lines;
}

/** Whole names where all fit; else all without the names of their axes, `score[dm,2,0]`, and those cut where needed. */
function fitNames(nodes: readonly NodeView[], room: number, marks: Marks): { names: string[]; width: number } {
  const whole = nodes.map(({ id }) => id);
  const names = whole.every((name) => name.length <= room)
    ? whole
    : whole.map((name) => shorten(name.replace(/([[,])[^=,\]]+=/g, '$1'), room, marks));
  return { names, width: Math.max(SHORTEST_NAME, ...names.map((name) => name.length)) };
}

interface NodeRowProps extends FrameProps {
  readonly node: NodeView;
  /** Padded to the width of the frame's names. */
  readonly name: string;
  readonly pieces: readonly Column[];
  readonly selected: boolean;
}

function NodeRow({ node, name, selected, now, pieces, columns, colour, marks }: NodeRowProps): ReactNode {
  const rest =
    node.state === 'running'
      ? pieces.map((piece) => piece.text(node, now, marks).padEnd(piece.width)).join(' ')
      : [node.note, SETTLED.includes(node.state) ? figures(node.figures) : ''].filter(Boolean).join(', ');
  return (
    <Text wrap="truncate" dimColor={colour && node.state === 'waiting'} bold={colour && selected}>
      <Colour name={COLOURS[node.state]} on={colour}>
        {selected ? marks.cursor : marks.states[node.state]}
      </Colour>
      {` ${`${name} ${rest}`.slice(0, Math.max(0, columns - 2)).trimEnd()}`}
    </Text>
  );
}

function Colour({ name, on, children }: { name: string; on: boolean; children: ReactNode }): ReactNode {
  return on ? <Text color={name}>{children}</Text> : <Text>{children}</Text>;
}

function Paint(props: { name: string; colour: boolean; bold?: boolean; children: ReactNode }): ReactNode {
  return props.colour ? (
    <Text wrap="truncate" color={props.name} bold={props.bold ?? false}>
      {props.children}
    </Text>
  ) : (
    <Text wrap="truncate">{props.children}</Text>
  );
}
