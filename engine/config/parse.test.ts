/**
 * What stands in the file as YAML: syntax, keys written twice, numbers that are not what they look like, aliases. Long because
 * every page stands whole.
 */
import { expect, it } from 'vitest';
import { BASE, HEAD, page, resolve } from '../../test/rig/pages.ts';

const STAGES = `stages:
  start: { stage: select }
`;

it('says where YAML ends to be YAML', () => {
  expect(page(`${HEAD}stages: { start: { stage: select }\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:4:18 This \`{\` is never closed.
        stages: { start: { stage: select }
                         ~

    1 error.
    "
  `);
  expect(page(`${HEAD}stages:\n  start: { stage: select, method: [random }\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:5:35 This \`[\` is never closed.
          start: { stage: select, method: [random }
                                          ~

    1 error.
    "
  `);
  expect(page(`${HEAD}notes: "open\n${STAGES}`)).toMatchInlineSnapshot(`
    "
    x.yaml:4:8 This \`"\` is never closed.
        notes: "open
               ~

    1 error.
    "
  `);
  expect(page(`${HEAD}notes: a: b\n${STAGES}`)).toMatchInlineSnapshot(`
    "
    x.yaml:4:8 A second \`key: value\` begins on the line of another.
        notes: a: b
               ~
        Begin a new line, or put the text in quotes.

    1 error.
    "
  `);
  // Only the first line in the wrong column, and in words about columns.
  expect(
    page(`${HEAD}stages:\n  start:\n   stage: select\n    method: random\n    imagesPerClass: 1\n`),
  ).toMatchInlineSnapshot(`
    "
    x.yaml:7:5 This line is indented further than the one above, whose value it would go on with.
            method: random
            ~
        Keys of one map begin in the same column.

    1 error.
    "
  `);
  expect(page(`${HEAD}stages:\n  start:\n    stage:select\n    method: random\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:6:5 A space is missing after the colon.
            stage:select
            ~~~~~~~~~~~~
        Write \`key: value\`.

    1 error.
    "
  `);
  expect(page(`${HEAD}notes: @home\n${STAGES}`)).toMatchInlineSnapshot(`
    "
    x.yaml:4:8 A value cannot begin with \`@\`.
        notes: @home
               ~
        Put it in quotes.

    1 error.
    "
  `);
  expect(page(`${HEAD}${STAGES}  distil:\n    stage: match\n   method: dm\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:8:4 All mapping items must start at the same column.
           method: dm
           ~

    1 error.
    "
  `);
  expect(page(`${HEAD}${STAGES}---\n${HEAD}`)).toMatchInlineSnapshot(`
    "
    x.yaml:6:1 Expected one experiment in a file, but a second document begins here.
        ---
        ~~~

    1 error.
    "
  `);
  expect(page(`${HEAD}stages:\n  start: !select { imagesPerClass: 2 }\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:5:3 The stage \`start\` does not say its kind.
          start: !select { imagesPerClass: 2 }
          ~~~~~
        Write \`stage: KIND\` with one of \`select\`, \`match\`, \`evaluate\`.

    x.yaml:5:10 Tags such as \`!name\` have no meaning here.
          start: !select { imagesPerClass: 2 }
                 ~~~~~~~
        Leave the tag out.

    2 errors.
    "
  `);
  expect(page(`${HEAD}stages:\n  start: { stage: select, imagesPerClass: \${ipc} }\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:5:44 Unexpected \`{\`.
          start: { stage: select, imagesPerClass: \${ipc} }
                                                   ~
        An axis is written \`$axis\`, without braces.

    1 error.
    "
  `);
});

it('refuses tabs as indentation', () => {
  expect(page(`${HEAD}stages:\n\tstart:\n\t\tstage: select\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:5:1 A tab cannot indent YAML.
         start:
        ~
        Use spaces, two a level.

    x.yaml:6:1 A tab cannot indent YAML.
          stage: select
        ~~
        Use spaces, two a level.

    2 errors.
    "
  `);
});

it('refuses a key written twice, showing both', () => {
  expect(page(`${HEAD}${STAGES}name: again\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:6:1 The key \`name\` is written twice.
        name: again
        ~~~~
        x.yaml:2:1 first written here
            name: sample
            ~~~~

    1 error.
    "
  `);
  expect(page(`${HEAD}stages:\n  start: { stage: select, method: random, method: herding }\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:5:43 The key \`method\` is written twice.
          start: { stage: select, method: random, method: herding }
                                                  ~~~~~~
        x.yaml:5:27 first written here
              start: { stage: select, method: random, method: herding }
                                      ~~~~~~

    1 error.
    "
  `);
});

it('refuses keys that are no names', () => {
  expect(page(`${HEAD}${STAGES}[a, b]: 1\n__proto__: 2\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:6:1 Expected a key to be a name.
        [a, b]: 1
        ~~~~~~

    x.yaml:7:1 Expected a key to be a name.
        __proto__: 2
        ~~~~~~~~~

    2 errors.
    "
  `);
});

it('refuses numbers that would silently become others', () => {
  const stage = (value: string): string => `${HEAD}stages:\n  start: { stage: select, imagesPerClass: ${value} }\n`;
  expect(page(stage('1_000'))).toMatchInlineSnapshot(`
    "
    x.yaml:5:43 Expected \`imagesPerClass\` to be a whole number, but found the text "1_000".
          start: { stage: select, imagesPerClass: 1_000 }
                                                  ~~~~~
        Write 1000: YAML numbers have no separators.

    1 error.
    "
  `);
  expect(page(stage('"10"'))).toMatchInlineSnapshot(`
    "
    x.yaml:5:43 Expected \`imagesPerClass\` to be a whole number, but found the text "10".
          start: { stage: select, imagesPerClass: "10" }
                                                  ~~~~
        Leave out the quotes: 10.

    1 error.
    "
  `);
  expect(page(stage('ten'))).toMatchInlineSnapshot(`
    "
    x.yaml:5:43 Expected \`imagesPerClass\` to be a whole number, but found the text "ten".
          start: { stage: select, imagesPerClass: ten }
                                                  ~~~

    1 error.
    "
  `);
  expect(page(stage('017'))).toMatchInlineSnapshot(`
    "
    x.yaml:5:43 \`017\` is 17 here, but 15 to readers of YAML 1.1.
          start: { stage: select, imagesPerClass: 017 }
                                                  ~~~
        Write 17.

    1 error.
    "
  `);
  expect(page(stage('0o17'))).toMatchInlineSnapshot(`
    "
    x.yaml:5:43 \`0o17\` is octal and means 15.
          start: { stage: select, imagesPerClass: 0o17 }
                                                  ~~~~
        Write 15.

    1 error.
    "
  `);
  expect(page(stage('.inf'))).toMatchInlineSnapshot(`
    "
    x.yaml:5:43 Expected a finite number, got \`.inf\`.
          start: { stage: select, imagesPerClass: .inf }
                                                  ~~~~
        Leave the key out, or write a number.

    1 error.
    "
  `);
  expect(page(stage('-.INF'))).toMatchInlineSnapshot(`
    "
    x.yaml:5:43 Expected a finite number, got \`-.INF\`.
          start: { stage: select, imagesPerClass: -.INF }
                                                  ~~~~~
        Leave the key out, or write a number.

    1 error.
    "
  `);
  expect(page(stage('.nan'))).toMatchInlineSnapshot(`
    "
    x.yaml:5:43 Expected a finite number, got \`.nan\`.
          start: { stage: select, imagesPerClass: .nan }
                                                  ~~~~
        Leave the key out, or write a number.

    1 error.
    "
  `);
  expect(page(stage('1e999'))).toMatchInlineSnapshot(`
    "
    x.yaml:5:43 Expected a finite number, got \`1e999\`.
          start: { stage: select, imagesPerClass: 1e999 }
                                                  ~~~~~
        The largest double is about 1.8e308.

    1 error.
    "
  `);
  expect(page(stage('123456789012345678901'))).toMatchInlineSnapshot(`
    "
    x.yaml:5:43 \`123456789012345678901\` is beyond 2^53-1 = 9007199254740991, where whole numbers lose digits: it would silently become 123456789012345683968.
          start: { stage: select, imagesPerClass: 123456789012345678901 }
                                                  ~~~~~~~~~~~~~~~~~~~~~
        Use a smaller number.

    1 error.
    "
  `);
  expect(page(stage('12:30:00'))).toMatchInlineSnapshot(`
    "
    x.yaml:5:43 Expected \`imagesPerClass\` to be a whole number, but found the text "12:30:00".
          start: { stage: select, imagesPerClass: 12:30:00 }
                                                  ~~~~~~~~

    1 error.
    "
  `);
  expect(page(stage('10.5'))).toMatchInlineSnapshot(`
    "
    x.yaml:5:43 Expected \`imagesPerClass\` to be a whole number, but found 10.5.
          start: { stage: select, imagesPerClass: 10.5 }
                                                  ~~~~

    1 error.
    "
  `);
  expect(page(stage(''))).toMatchInlineSnapshot(`
    "
    x.yaml:5:27 \`imagesPerClass\` has no value; expected a whole number.
          start: { stage: select, imagesPerClass:  }
                                  ~~~~~~~~~~~~~~
        The default is 10.

    1 error.
    "
  `);
});

it('refuses seeds that lose digits or are negative', () => {
  expect(page(`${HEAD}seed: 9007199254740992\n${STAGES}`)).toMatchInlineSnapshot(`
    "
    x.yaml:4:7 \`9007199254740992\` is beyond 2^53-1 = 9007199254740991, where whole numbers lose digits.
        seed: 9007199254740992
              ~~~~~~~~~~~~~~~~
        Use a smaller number.

    1 error.
    "
  `);
  expect(page(`${HEAD}seed: 9.007199254740992e15\n${STAGES}`)).toMatchInlineSnapshot(`
    "
    x.yaml:4:7 Expected \`seed\` to be at most 9007199254740991, but found 9007199254740992.
        seed: 9.007199254740992e15
              ~~~~~~~~~~~~~~~~~~~~

    1 error.
    "
  `);
  expect(page(`${HEAD}seed: -1\n${STAGES}`)).toMatchInlineSnapshot(`
    "
    x.yaml:4:7 Expected \`seed\` to be at least 0, but found -1.
        seed: -1
              ~~

    1 error.
    "
  `);
  expect(page(`${HEAD}seed: "7"\n${STAGES}`)).toMatchInlineSnapshot(`
    "
    x.yaml:4:7 Expected \`seed\` to be a whole number, but found the text "7".
        seed: "7"
              ~~~
        Leave out the quotes: 7.

    1 error.
    "
  `);
  expect(resolve(`${HEAD}seed: 9007199254740991\n${STAGES}`).seed).toBe(Number.MAX_SAFE_INTEGER);
});

it('reads booleans of YAML 1.1 as text and says what to write', () => {
  const stage = (value: string): string => BASE.replace('iterations: 20', `iterations: 20, augment: ${value}`);
  expect(page(stage('yes'))).toMatchInlineSnapshot(`
    "
    x.yaml:8:76 Expected \`augment\` to be true or false, but found the text "yes".
            dm: { stage: match, method: dm, start: start, iterations: 20, augment: yes }
                                                                                   ~~~
        Write true.
        x.yaml:12:18 used here as \`$method\`
              distil: { use: $method }
                             ~~~~~~~

    1 error.
    "
  `);
  expect(page(stage('off'))).toMatchInlineSnapshot(`
    "
    x.yaml:8:76 Expected \`augment\` to be true or false, but found the text "off".
            dm: { stage: match, method: dm, start: start, iterations: 20, augment: off }
                                                                                   ~~~
        Write false.
        x.yaml:12:18 used here as \`$method\`
              distil: { use: $method }
                             ~~~~~~~

    1 error.
    "
  `);
  expect(page(stage('"true"'))).toMatchInlineSnapshot(`
    "
    x.yaml:8:76 Expected \`augment\` to be true or false, but found the text "true".
            dm: { stage: match, method: dm, start: start, iterations: 20, augment: "true" }
                                                                                   ~~~~~~
        Leave out the quotes: true.
        x.yaml:12:18 used here as \`$method\`
              distil: { use: $method }
                             ~~~~~~~

    1 error.
    "
  `);
});

it('reads aliases and merges, and shows where a value was written and where it came in', () => {
  const text = `${HEAD}
x-common: &common
  epochs: 0
  network: { kind: convnet, width: wide }
stages:
  start: { stage: select }
  score:
    <<: *common
    stage: evaluate
    images: start
  other: { stage: evaluate, images: start, network: *nowhere }
`;
  expect(page(text)).toMatchInlineSnapshot(`
    "
    x.yaml:6:11 Expected \`epochs\` to be at least 1, but found 0.
          epochs: 0
                  ~
        x.yaml:11:5 merged in here
                <<: *common
                ~~

    x.yaml:7:36 Expected \`network.width\` to be a whole number, but found the text "wide".
          network: { kind: convnet, width: wide }
                                           ~~~~
        x.yaml:11:5 merged in here
                <<: *common
                ~~

    x.yaml:14:53 There is no anchor \`&nowhere\` before this line.
          other: { stage: evaluate, images: start, network: *nowhere }
                                                            ~~~~~~~~
        Anchors before this line: \`common\`.

    3 errors.
    "
  `);
});

it('lets written keys win over merged ones, and earlier merged maps over later ones', () => {
  const { cells } = resolve(`${HEAD}
x-one: &one { epochs: 1, network: { width: 1 } }
x-two: &two { epochs: 2, network: { width: 2 } }
stages:
  start: { stage: select }
  a: { <<: [*one, *two], stage: evaluate, images: start }
  b: { <<: [*two, *one], epochs: 9, stage: evaluate, images: start }
`);
  const params = Object.fromEntries(cells[0]!.stages.map((stage) => [stage.name, stage.params]));
  expect(params.a).toMatchObject({ epochs: 1, network: { width: 1 } });
  expect(params.b).toMatchObject({ epochs: 9, network: { width: 2 } });
});

it('refuses a merge of what is no map', () => {
  expect(page(`${HEAD}stages:\n  start: { <<: 5, stage: select }\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:5:12 Expected \`<<\` to name a map, e.g. \`<<: *common\`.
          start: { <<: 5, stage: select }
                   ~~

    1 error.
    "
  `);
});

it('refuses an alias inside the value that it repeats', () => {
  expect(page(`${HEAD}x-a: &a { b: *a }\n${STAGES}`)).toMatchInlineSnapshot(`
    "
    x.yaml:4:14 The alias \`*a\` stands inside the value that it repeats.
        x-a: &a { b: *a }
                     ~~

    1 error.
    "
  `);
});

it('refuses an alias bomb without spelling it out', () => {
  const bomb = ['a: &a [x, x, x, x, x, x, x, x, x]'];
  for (let level = 1; level < 26; level++) {
    const before = `*${String.fromCharCode(96 + level)}`;
    const name = String.fromCharCode(97 + level);
    bomb.push(`${name}: &${name} [${Array(9).fill(before).join(', ')}]`);
  }
  expect(page(`x-bomb:\n${bomb.map((line) => `  ${line}`).join('\n')}\n${HEAD}${STAGES}`)).toMatchInlineSnapshot(`
    "
    x.yaml:7:10 Aliases repeat more than 100,000 values up to here.
          f: &f [*e, *e, *e, *e, *e, *e, *e, *e, *e]
                 ~~
        Write the values out, or split the experiment.

    1 error.
    "
  `);
});

it('refuses what is no experiment at all', () => {
  expect(page('')).toMatchInlineSnapshot(`
    "
    x.yaml The file is empty.
        \`retort init NAME\` writes an experiment that runs, to start from.

    1 error.
    "
  `);
  expect(page('# only a comment\n')).toMatchInlineSnapshot(`
    "
    x.yaml The file is empty.
        \`retort init NAME\` writes an experiment that runs, to start from.

    1 error.
    "
  `);
  expect(page('- a\n- b\n')).toMatchInlineSnapshot(`
    "
    x.yaml:1:1 Expected keys such as \`version: 1\` and \`stages:\` at the top, but found a list.
        - a
        ~~~

    1 error.
    "
  `);
  expect(page('42')).toMatchInlineSnapshot(`
    "
    x.yaml:1:1 Expected keys such as \`version: 1\` and \`stages:\` at the top, but found 42.
        42
        ~~

    1 error.
    "
  `);
  expect(page(`x-big: ${'a'.repeat(1 << 20)}`)).toMatchInlineSnapshot(`
    "
    x.yaml The file has 1,048,583 characters.
        Expected an experiment of at most 1 MiB.

    1 error.
    "
  `);
  expect(page(`x-deep: ${'['.repeat(20_000)}`)).toMatchInlineSnapshot(`
    "
    x.yaml The file is nested too deeply to be read.
        Expected at most 64 levels.

    1 error.
    "
  `);
  expect(page(`${HEAD}${STAGES}x-deep: ${'['.repeat(80)}${']'.repeat(80)}\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:6:72 This is nested too deeply.
        …[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]…
                                  ~
        Expected at most 64 levels.

    1 error.
    "
  `);
});

it('has an answer for any depth', () => {
  for (let depth = 50; depth < 4000; depth *= 2)
    for (const text of [
      '['.repeat(depth),
      '{ a: '.repeat(depth),
      `${'['.repeat(depth)}${']'.repeat(depth)}`,
      '- '.repeat(depth),
    ])
      expect(page(`x-deep: ${text}\n`)).toMatch(/error/);
});

it('refuses half characters, which nothing could hash or write', () => {
  expect(page(`${HEAD}stages: { start: { stage: select, notes: "\\ud83e" } }\n"\\ud83e": 1\n`)).toMatchInlineSnapshot(`
    "
    x.yaml:4:42 The text has one half of a surrogate pair, which is no character.
        stages: { start: { stage: select, notes: "\\ud83e" } }
                                                 ~~~~~~~~
        Characters beyond U+FFFF are written \`"\\U0001F9EA"\`.

    x.yaml:5:1 The text has one half of a surrogate pair, which is no character.
        "\\ud83e": 1
        ~~~~~~~~
        Characters beyond U+FFFF are written \`"\\U0001F9EA"\`.

    2 errors.
    "
  `);
});

it('reads a byte order mark and Windows line ends', () => {
  expect(page(`\ufeff${BASE.replaceAll('\n', '\r\n')}`)).toBe('right');
  expect(page(BASE.replace('epochs', 'epoch').replaceAll('\n', '\r\n'))).toMatchInlineSnapshot(`
    "
    x.yaml:13:45 Unknown key \`epoch\` in the stage \`score\` (evaluate).
          score: { stage: evaluate, images: distil, epoch: 5 }
                                                    ~~~~~
        Did you mean \`epochs\`?

    1 error.
    "
  `);
});
