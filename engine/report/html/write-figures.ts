/** Figures and pictures of a report as PNG files, dark on white, at twice their size on a screen. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Figure } from './chart.ts';
import { slug } from './figures.ts';
import type { Section } from './page.ts';

const DOTS_PER_INCH = 144;
const INK = '#111111';

/** Names are numbered where two sections have the same. */
export async function writeFigures(folder: string, sections: readonly Section[]): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const taken = new Map<string, number>();
  const path = (name: string) => {
    const count = (taken.get(name) ?? 0) + 1;
    taken.set(name, count);
    return join(folder, `${name}${count > 1 ? `-${count}` : ''}.png`);
  };
  for (const { figures = [], pictures } of sections) {
    for (const figure of figures) writeFileSync(path(figure.name), await rendered(figure));
    for (const { title, png } of pictures) writeFileSync(path(slug(title)), png);
  }
}

async function rendered({ svg }: Figure): Promise<Uint8Array> {
  const { default: sharp } = await import('sharp');
  const inked = svg.replace('<svg', '<svg xmlns="http://www.w3.org/2000/svg"').replaceAll('currentColor', INK);
  return sharp(Buffer.from(inked), { density: DOTS_PER_INCH }).flatten({ background: '#ffffff' }).png().toBuffer();
}
