/** The report as people see it: in a real browser, light and dark. */
import { readdirSync, readFileSync } from 'node:fs';
import { PNG } from 'pngjs';
import { expect, it } from 'vitest';
import { Browser, findBrowser } from '../rig/browser.ts';
import { Project } from '../rig/retort.ts';

const GRID = `version: 1
name: curves
data: { set: fashion-mnist }
network: { kind: convnet, width: 4 }
matrix: { lr: { small: { learningRate: 0.1 }, large: { learningRate: 1 } } }
stages:
  start: { stage: select, method: random, imagesPerClass: 2 }
  distil: { stage: match, method: dm, start: start, iterations: 6, batchReal: 8, snapshots: { every: 2 }, use: $lr }
  score: { stage: evaluate, images: distil, epochs: 3 }
compare: { metric: accuracy }
`;

/** What a script in the page finds, and nothing that the page itself holds. */
const LOOK = `(() => {
  const seen = (element) => { const { width, height } = element.getBoundingClientRect(); return width > 20 && height > 20 };
  const luminance = (colour) => { const [r, g, b] = colour.match(/[\\d.]+/g).map((part) => { const c = part / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4 }); return 0.2126 * r + 0.7152 * g + 0.0722 * b };
  const ink = luminance(getComputedStyle(document.body).color);
  return {
    pictures: [...document.images].map((image) => image.complete && image.naturalWidth > 20 && seen(image)),
    tiles: [...document.querySelectorAll('image.tiles')].map(seen),
    curves: [...document.querySelectorAll('.curve')].map((curve) => curve.getTotalLength() > 100 && seen(curve)),
    titles: [...document.querySelectorAll('figure > svg')].map((svg) => svg.getAttribute('aria-label')),
    tones: [...document.querySelectorAll('.curve')].map((curve) => luminance(getComputedStyle(curve).stroke)),
    details: [...document.querySelectorAll('summary')].map((summary) => summary.textContent),
    ink,
    wide: document.documentElement.scrollWidth - innerWidth,
  };
})()`;

interface Look {
  readonly pictures: readonly boolean[];
  readonly tiles: readonly boolean[];
  readonly curves: readonly boolean[];
  readonly titles: readonly string[];
  readonly tones: readonly number[];
  readonly details: readonly string[];
  readonly ink: number;
  readonly wide: number;
}

it('report: PNG files of its figures; in a browser curves, pictures over time and origin, in light and dark', async ({
  skip,
}) => {
  const project = new Project().write({ 'grid.yaml': GRID });
  expect((await project.retort(['run', 'grid.yaml', '--reporter', 'silent'])).code).toBe(0);
  const page = await project.retort(['report', 'last', '-o', 'page.html', '--figures', 'figures']);
  expect({ code: page.code, stdout: page.stdout }).toEqual({ code: 0, stdout: '' });
  const files = readdirSync(project.path('figures'));
  expect(files).toEqual(
    expect.arrayContaining([
      'curves-accuracy.png',
      'curves-distil-loss.png',
      'curves-images-distil-lr-large-set-1.png',
    ]),
  );
  for (const file of files) {
    const { width, height, data } = PNG.sync.read(readFileSync(project.path(`figures/${file}`)));
    expect(Math.min(width, height), file).toBeGreaterThan(20);
    expect(new Set(data.filter((_, index) => index % 4 === 0)).size, `${file} is not blank`).toBeGreaterThan(3);
  }

  const browser = findBrowser();
  if (browser === undefined)
    return skip('there is no Chromium: apt-get install chromium, or name one by RETORT_BROWSER');
  const chromium = new Browser(browser);
  try {
    for (const colours of ['light', 'dark'] as const) {
      await chromium.open(project.path('page.html'), colours);
      const look = await chromium.evaluate<Look>(LOOK);
      expect(look.pictures.length).toBeGreaterThanOrEqual(4);
      expect(look.tiles).toHaveLength(2);
      expect(look.curves.length).toBeGreaterThanOrEqual(4);
      expect([...look.pictures, ...look.tiles, ...look.curves].every(Boolean)).toBe(true);
      expect(look.titles).toEqual(expect.arrayContaining(['accuracy over steps', 'distil: loss over steps']));
      expect(look.details).toEqual([
        'All pictures',
        'Resolved configuration',
        'Stages and their parameters',
        'Provenance',
      ]);
      expect(look.wide).toBeLessThanOrEqual(0);

      const { data } = PNG.sync.read(await chromium.screenshot());
      const paper = luminance(data[0] ?? 0, data[1] ?? 0, data[2] ?? 0);
      expect(paper > 0.5).toBe(colours === 'light');
      expect(contrast(look.ink, paper)).toBeGreaterThan(7);
      for (const tone of look.tones) expect(contrast(tone, paper)).toBeGreaterThan(3);
    }
    expect(chromium.complaints).toEqual([]);
  } finally {
    await chromium.close();
  }
});

function luminance(...rgb: readonly [number, number, number]): number {
  const [r, g, b] = rgb.map((part) => {
    const c = part / 255;
    return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a: number, b: number): number {
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}
