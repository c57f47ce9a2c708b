import { expect, it } from 'vitest';
import { parseArguments } from './arguments.ts';
import type { Command } from './command.ts';

const command: Command = {
  name: 'run',
  operands: 'FILE…',
  fewest: 1,
  most: 2,
  summary: '',
  examples: [],
  flags: {
    store: { value: 'DIR', short: 's', description: '' },
    reporter: { value: 'NAME', choices: ['tui', 'plain'], description: '' },
    concurrency: { value: 'N', count: true, description: '' },
    'fail-fast': { description: '' },
  },
  load: () => Promise.reject(new Error('not loaded')),
};

function mistakes(...argv: string[]): readonly string[] {
  const parsed = parseArguments(command, argv);
  return parsed.ok ? [] : parsed.error;
}

it('reads operands and flags in any order, in every spelling', () => {
  const parsed = parseArguments(command, ['a.yaml', '--store', 'x', '--fail-fast', 'b=-1', '--concurrency=3']);
  if (!parsed.ok) throw new Error(parsed.error.join());
  const { value: args } = parsed;
  expect(args.operands).toEqual(['a.yaml', 'b=-1']);
  expect([args.text('store'), args.has('fail-fast'), args.count('concurrency')]).toEqual(['x', true, 3]);
  expect([args.text('reporter'), args.count('reporter'), args.has('reporter')]).toEqual([undefined, undefined, false]);
});

it('a switch may have values of its own', () => {
  const flags = { 'fail-fast': { optional: 'stop', choices: ['stop'], description: '' } };
  const given = (flag: string) => parseArguments({ ...command, flags }, ['a.yaml', flag]);
  const [plain, stop, other] = [given('--fail-fast'), given('--fail-fast=stop'), given('--fail-fast=stopp')];
  expect(plain.ok && [plain.value.has('fail-fast'), plain.value.text('fail-fast')]).toEqual([true, undefined]);
  expect(stop.ok && stop.value.text('fail-fast')).toBe('stop');
  expect(other.ok || other.error).toEqual(['Expected `--fail-fast` to be stop, got `stopp`. Did you mean `stop`?']);
});

it('takes everything after -- as operands, and the last of a repeated flag', () => {
  const parsed = parseArguments(command, ['-s', 'x', '-s', 'y', '--', '--fail-fast']);
  if (!parsed.ok) throw new Error(parsed.error.join());
  expect(parsed.value.operands).toEqual(['--fail-fast']);
  expect(parsed.value.text('store')).toBe('y');
});

it('says every mistake of a line at once, with the nearest name', () => {
  expect(
    mistakes('a', 'b', 'c', '--sotre', 'x', '--concurrency', '0', '--reporter=plane', '--fail-fast=1', '--store'),
  ).toMatchInlineSnapshot(`
    [
      "There is no flag \`--sotre\`. Did you mean \`--store\`?",
      "Expected \`--concurrency\` to be a whole number from 1, got \`0\`.",
      "Expected \`--reporter\` to be tui or plain, got \`plane\`.",
      "\`--fail-fast\` takes no value.",
      "Expected a value after \`--store\`: \`--store DIR\`.",
      "Expected no operand after \`b\`, got \`c\`.",
    ]
  `);
  expect(mistakes('--store', '--fail-fast')).toMatchInlineSnapshot(`
    [
      "Expected a value after \`--store\`: \`--store DIR\`.",
      "Expected \`retort run FILE…\`.",
    ]
  `);
});
