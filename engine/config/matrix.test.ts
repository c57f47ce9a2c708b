/**
 * `matrix` → cells: the order, `exclude`, `include`, `zip`, variants; also against a plain reading of the rules. Long because
 * every mistake has its page.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BASE, HEAD, page, resolve } from '../../test/rig/pages.ts';
import { cellName, expandMatrix } from './matrix.ts';
import { parseYaml } from './parse.ts';
import { Problems } from './problems.ts';
import { Source } from './source.ts';

/** The cells by their labels, in order. */
function cells(matrix: unknown): string[] {
  const problems = new Problems();
  // JSON is YAML.
  const text = typeof matrix === 'string' ? matrix : JSON.stringify(matrix);
  const grid = expandMatrix(parseYaml(new Source('x.yaml', text), problems), problems);
  expect(problems.list([])).toEqual([]);
  return grid.cells.map(cellName);
}

/** A page for a matrix whose axes `a` and `b` are used. */
function matrixPage(matrix: string): string {
  return page(`${HEAD}matrix:\n${matrix}stages: { start: { stage: select, method: $a, imagesPerClass: $b } }\n`);
}

it('is the product of the axes, the first one varying slowest', () => {
  expect(cells({ a: ['x', 'y'], b: [1, 2, 3] })).toEqual([
    'a=x, b=1',
    'a=x, b=2',
    'a=x, b=3',
    'a=y, b=1',
    'a=y, b=2',
    'a=y, b=3',
  ]);
});

it('has no infinite values, however deep: one error, and the cells are named all the same', () => {
  expect(matrixPage('  a: [random]\n  b: [1, .inf]\n')).toMatchInlineSnapshot(`
    "
    x.yaml:6:10 Expected a finite number, got \`.inf\`.
          b: [1, .inf]
                 ~~~~
        Leave the key out, or write a number.

    1 error.
    "
  `);
  expect(matrixPage('  a: [random]\n  b: [[1, [.nan]]]\n')).toMatchInlineSnapshot(`
    "
    x.yaml:6:7 Expected \`imagesPerClass\` to be a whole number, but found a list.
          b: [[1, [.nan]]]
              ~~~~~~~~~~~
        x.yaml:7:63 used here as \`$b\`
            stages: { start: { stage: select, method: $a, imagesPerClass: $b } }
                                                                          ~~

    x.yaml:6:12 Expected a finite number, got \`.nan\`.
          b: [[1, [.nan]]]
                   ~~~~
        Leave the key out, or write a number.

    2 errors.
    "
  `);
});

it('takes cells away by partial match, then extends or adds by `include`', () => {
  const matrix = {
    a: ['x', 'y'],
    b: ['p', 'q'],
    exclude: [{ a: 'x', b: 'q' }],
    include: [
      { a: 'y', c: 'extra' },
      { b: 'p', d: 'more' },
      { a: 'z', b: 'q' },
    ],
  };
  expect(cells(matrix)).toEqual(['a=x, b=p, d=more', 'a=y, b=p, c=extra, d=more', 'a=y, b=q, c=extra', 'a=z, b=q']);
});

it('does as the example of the documentation of GitHub Actions', () => {
  const matrix = {
    fruit: ['apple', 'pear'],
    animal: ['cat', 'dog'],
    include: [
      { color: 'green' },
      { color: 'pink', animal: 'cat' },
      { fruit: 'apple', shape: 'circle' },
      { fruit: 'banana' },
      { fruit: 'banana', animal: 'cat' },
    ],
  };
  expect(cells(matrix)).toEqual([
    'fruit=apple, animal=cat, color=pink, shape=circle',
    'fruit=apple, animal=dog, color=green, shape=circle',
    'fruit=pear, animal=cat, color=pink',
    'fruit=pear, animal=dog, color=green',
    'fruit=banana',
    'fruit=banana, animal=cat',
  ]);
});

it('pairs the lists of `zip` one by one, as one factor', () => {
  expect(cells({ zip: { a: [1, 2], b: ['p', 'q'] }, c: [true, false] })).toEqual([
    'a=1, b=p, c=true',
    'a=1, b=p, c=false',
    'a=2, b=q, c=true',
    'a=2, b=q, c=false',
  ]);
  expect(cells({ zip: [{ a: [1, 2], b: [3, 4] }, { c: [5, 6] }] })).toHaveLength(4);
});

it('takes named variants whole, and chooses them by name', () => {
  const { cells, axes } = resolve(
    BASE.replace('    dm:', '    herding: { stage: select, method: herding }\n    dm:').replace(
      'replicates:',
      '  exclude: [{ method: herding }]\nreplicates:',
    ),
  );
  expect(axes).toEqual({ method: ['random', 'herding', 'dm'] });
  expect(cells.map((cell) => cell.axes)).toEqual([{ method: 'random' }, { method: 'dm' }]);
  expect(cells[1]!.stages.find((stage) => stage.name === 'distil')).toMatchObject({
    kind: 'match',
    inputs: { start: 'start' },
    params: { method: 'dm', iterations: 20 },
  });
});

it('keeps the id of a cell when others come and go, or when names and order of the file change', () => {
  const ids = (text: string): Record<string, string> =>
    Object.fromEntries(resolve(text).cells.map((cell) => [JSON.stringify(cell.axes), cell.id]));
  const before = ids(BASE);
  const after = ids(BASE.replace('    dm:', '    herding: { stage: select, method: herding }\n    dm:'));
  expect(after).toMatchObject(before);
  expect(new Set(Object.values(after)).size).toBe(3);
});

it('refuses axes that are not what they should be', () => {
  expect(matrixPage('  a: random\n  b: []\n')).toMatchInlineSnapshot(`
    "
    x.yaml:5:6 Expected the axis \`a\` to be a list of values or a map of named variants, but found the text "random".
          a: random
             ~~~~~~
        Write [random].

    x.yaml:6:6 The axis \`b\` has no values.
          b: []
             ~~

    2 errors.
    "
  `);
  expect(matrixPage('  a: [random, random]\n  b: [{ imagesPerClass: 1 }]\n')).toMatchInlineSnapshot(`
    "
    x.yaml:5:15 The axis \`a\` has the value \`random\` twice.
          a: [random, random]
                      ~~~~~~
        x.yaml:5:7 first written here
              a: [random, random]
                  ~~~~~~

    x.yaml:6:7 A map as a value of the axis \`b\` needs a name.
          b: [{ imagesPerClass: 1 }]
              ~~~~~~~~~~~~~~~~~~~~~
        Write a map of named variants: \`b: { first: { … }, second: { … } }\`.

    2 errors.
    "
  `);
  expect(matrixPage('  a: [random]\n  b: [1, 1.0, "1"]\n')).toMatchInlineSnapshot(`
    "
    x.yaml:6:10 The axis \`b\` has the value \`1\` twice.
          b: [1, 1.0, "1"]
                 ~~~
        x.yaml:6:7 first written here
              b: [1, 1.0, "1"]
                  ~

    x.yaml:6:15 The axis \`b\` has the value \`1\` twice.
          b: [1, 1.0, "1"]
                      ~~~
        x.yaml:6:10 first written here
              b: [1, 1.0, "1"]
                     ~~~

    2 errors.
    "
  `);
  expect(matrixPage('  a: [random]\n  b c: [1]\n')).toMatchInlineSnapshot(`
    "
    x.yaml:6:3 Expected an axis to be named by letters, digits, \`_\` and \`-\`, got \`b c\`.
          b c: [1]
          ~~~

    1 error.
    "
  `);
  expect(page(`${HEAD}matrix: [1]\nstages: { start: { stage: select } }\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:4:9 Expected \`matrix\` to be a map, but found a list.
        matrix: [1]
                ~~~

    1 error.
    "
  `);
});

it('refuses `exclude`, `include` and `zip` that do not fit', () => {
  expect(
    matrixPage(`  a: [random, herding]
  b: [1, 10]
  exclude: [{ a: randm }, { c: 1 }, {}, random, { b: 2 }]
  include: { a: random }
`),
  ).toMatchInlineSnapshot(`
    "
    x.yaml:7:18 \`exclude\` names \`randm\`, which is no value of the axis \`a\`.
          exclude: [{ a: randm }, { c: 1 }, {}, random, { b: 2 }]
                         ~~~~~
        Did you mean \`random\`?

    x.yaml:7:29 \`exclude\` names \`c\`, which is no axis of the matrix.
          exclude: [{ a: randm }, { c: 1 }, {}, random, { b: 2 }]
                                    ~
        Axes: \`a\`, \`b\`.

    x.yaml:7:37 Expected an entry of \`exclude\` to be a map from axes to values, but found an empty map.
          exclude: [{ a: randm }, { c: 1 }, {}, random, { b: 2 }]
                                            ~~
        Write e.g. \`- { axis: value }\`.

    x.yaml:7:41 Expected an entry of \`exclude\` to be a map from axes to values, but found the text "random".
          exclude: [{ a: randm }, { c: 1 }, {}, random, { b: 2 }]
                                                ~~~~~~
        Write e.g. \`- { axis: value }\`.

    x.yaml:7:54 \`exclude\` names \`2\`, which is no value of the axis \`b\`.
          exclude: [{ a: randm }, { c: 1 }, {}, random, { b: 2 }]
                                                             ~
        Values: \`1\`, \`10\`.

    x.yaml:8:12 Expected \`include\` to be a list of maps, but found a map.
          include: { a: random }
                   ~~~~~~~~~~~~~

    6 errors.
    "
  `);
  expect(matrixPage('  zip: { a: [random, herding], b: [1] }\n')).toMatchInlineSnapshot(`
    "
    x.yaml:5:32 \`zip\` pairs values one by one, but \`b\` has 1.
          zip: { a: [random, herding], b: [1] }
                                       ~
        x.yaml:5:10 \`a\` has 2
              zip: { a: [random, herding], b: [1] }
                     ~

    1 error.
    "
  `);
  expect(matrixPage('  zip: [{ a: [random] }, 5]\n  b: [1]\n  a: [herding]\n')).toMatchInlineSnapshot(`
    "
    x.yaml:5:26 Expected \`zip\` to be a map of axes of equal length, but found 5.
          zip: [{ a: [random] }, 5]
                                 ~

    x.yaml:7:3 The axis \`a\` is written twice.
          a: [herding]
          ~
        x.yaml:5:11 first written here
              zip: [{ a: [random] }, 5]
                      ~

    2 errors.
    "
  `);
  expect(matrixPage('  a: [random]\n  b: [1]\n  exclude: [{ a: random }]\n')).toMatchInlineSnapshot(`
    "
    x.yaml:7:12 The matrix has no cells: every one is excluded.
          exclude: [{ a: random }]
                   ~~~~~~~~~~~~~~~

    1 error.
    "
  `);
  expect(page(BASE.replace('replicates:', '  include: [{ method: dmm }]\nreplicates:'))).toMatchInlineSnapshot(`
    "
    x.yaml:9:23 \`include\` names \`dmm\`, which is no value of the axis \`method\`.
          include: [{ method: dmm }]
                              ~~~
        Did you mean \`dm\`?

    1 error.
    "
  `);
});

it('refuses a grid that nobody could run', () => {
  const list = `[${Array.from({ length: 400 }, (_, index) => index + 1).join(', ')}]`;
  expect(matrixPage(`  a: [random]\n  b: ${list}\n  c: ${list}\n`).split('\n', 3).join('\n')).toMatchInlineSnapshot(`
    "
    x.yaml:5:3 The matrix has 160,000 cells.
          a: [random]"
  `);
});

const name = fc.constantFrom('a', 'b', 'c', 'd');
const value = fc.constantFrom('x', 'y', 'z');

interface Matrix {
  readonly axes: Readonly<Record<string, readonly string[]>>;
  readonly exclude: readonly Readonly<Record<string, string>>[];
  readonly include: readonly Readonly<Record<string, string>>[];
}

const matrices: fc.Arbitrary<Matrix> = fc
  .dictionary(name, fc.uniqueArray(value, { minLength: 1 }), { minKeys: 1, noNullPrototype: true })
  .chain((axes) => {
    const known = fc.constantFrom(...Object.entries(axes).flatMap(([axis, values]) => values.map((v) => [axis, v])));
    const entry = fc.array(known, { minLength: 1, maxLength: 2 }).map((pairs) => Object.fromEntries(pairs));
    return fc.record({
      axes: fc.constant(axes),
      exclude: fc.array(entry, { maxLength: 2 }),
      include: fc.array(fc.dictionary(name, value, { minKeys: 1, noNullPrototype: true }), { maxLength: 3 }),
    });
  });

/** The rules as GitHub's documentation words them, cell by cell. */
function expected({ axes, exclude, include }: Matrix): string[] {
  let product: Record<string, string>[] = [{}];
  for (const [axis, values] of Object.entries(axes))
    product = product.flatMap((cell) => values.map((v) => ({ ...cell, [axis]: v })));
  const originals = product.filter((cell) => !exclude.some((entry) => contains(cell, entry)));
  const extended = originals.map((cell) => ({ ...cell }));
  const added: Record<string, string>[] = [];
  for (const entry of include) {
    let fits = false;
    for (const [index, cell] of originals.entries())
      if (Object.entries(entry).every(([axis, v]) => !(axis in axes) || cell[axis] === v)) {
        Object.assign(extended[index]!, entry);
        fits = true;
      }
    if (!fits) added.push({ ...entry });
  }
  const order = [...Object.keys(axes), ...include.flatMap((entry) => Object.keys(entry))];
  return [...extended, ...added].map((cell) =>
    [...new Set(order)].flatMap((axis) => (axis in cell ? [`${axis}=${cell[axis]}`] : [])).join(', '),
  );
}

function contains(cell: Readonly<Record<string, string>>, entry: Readonly<Record<string, string>>): boolean {
  return Object.entries(entry).every(([axis, v]) => cell[axis] === v);
}

it('agrees with a plain reading of the rules', () => {
  fc.assert(
    fc.property(matrices, (matrix) => {
      const wanted = expected(matrix);
      fc.pre(wanted.length > 0);
      expect(cells({ ...matrix.axes, exclude: matrix.exclude, include: matrix.include })).toEqual(wanted);
    }),
    { numRuns: 500 },
  );
});
