import { expect, test } from 'vitest';
import type { ResultTable } from '../table.ts';
import { reportPage } from './page.ts';

const table: ResultTable = {
  schema: 'retort-table/1',
  experiment: { name: '<script>alert(1)</script>' } as ResultTable['experiment'],
  data: { description: 'digits' } as ResultTable['data'],
  backend: 'cpu',
  network: '',
  metric: 'accuracy',
  axes: [],
  baseline: {},
  select: 'last',
  rows: [],
};

test('a hostile name is text, and the page asks for nothing outside', () => {
  const page = reportPage([{ table, pictures: [{ title: '<img>', png: Uint8Array.of(1) }] }]);
  expect(page).not.toContain('<script');
  expect(page).toContain('&#60;script&#62;');
  expect(page).not.toMatch(/https?:|src="(?!data:)|href="(?!data:)|<img>/);
});
