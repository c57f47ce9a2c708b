/**
 * How images of a synthetic set change: a row a class, a column a time, cut out of the pictures that stages leave (a row a
 * class, a white line between images, as `data/pictures.ts` draws them).
 */
import { PNG } from 'pngjs';
import type { Figure } from './chart.ts';
import { escaped } from './escape.ts';
import { spaced } from './spaced.ts';

export interface TimedPicture {
  /** Under its column. */
  readonly label: string;
  readonly png: Uint8Array;
  readonly classes: number;
  readonly imagesPerClass: number;
}

/** More would be too small to see. */
const [MOST_CLASSES, MOST_TIMES] = [20, 12];
const GUTTER = 1;
const FOOT = 18;

/** The first image of each class. */
export function tilesOverTime(name: string, title: string, all: readonly TimedPicture[]): Figure | undefined {
  const times = spaced(all, MOST_TIMES);
  const decoded = times.map((time) => ({ ...time, image: PNG.sync.read(Buffer.from(time.png)) }));
  const [first] = decoded;
  if (!first) return undefined;
  const side = (image: PNG, count: number, along: 'width' | 'height') => (image[along] - GUTTER) / count - GUTTER;
  const [width, height] = [
    side(first.image, first.imagesPerClass, 'width'),
    side(first.image, first.classes, 'height'),
  ];
  // Pictures that are laid out otherwise are shown whole elsewhere.
  if (![width, height].every((length) => Number.isInteger(length) && length > 0)) return undefined;
  const rows = Math.min(first.classes, MOST_CLASSES);
  const sheet = new PNG({
    width: GUTTER + decoded.length * (width + GUTTER),
    height: GUTTER + rows * (height + GUTTER),
    fill: true,
  });
  sheet.data.fill(0xff);
  decoded.forEach(({ image }, column) => {
    for (let row = 0; row < rows; row++) {
      const top = GUTTER + row * (height + GUTTER);
      if (GUTTER + width <= image.width && top + height <= image.height)
        PNG.bitblt(image, sheet, GUTTER, top, width, height, GUTTER + column * (width + GUTTER), top);
    }
  });
  const scale = Math.max(1, Math.round(44 / width));
  const [wide, high] = [sheet.width * scale, sheet.height * scale];
  const data = PNG.sync.write(sheet).toString('base64');
  const labels = decoded.map(
    ({ label }, column) =>
      `<text fill="currentColor" text-anchor="middle" x="${scale * (GUTTER + column * (width + GUTTER) + width / 2)}" y="${high + 13}">${escaped(label)}</text>`,
  );
  return {
    name,
    title,
    svg: `<svg role="img" aria-label="${escaped(title)}" viewBox="0 0 ${wide} ${high + FOOT}" width="${wide}" height="${high + FOOT}" font-family="sans-serif" font-size="11"><image class="tiles" width="${wide}" height="${high}" style="image-rendering:pixelated" href="data:image/png;base64,${data}"/>${labels.join('')}</svg>`,
  };
}
