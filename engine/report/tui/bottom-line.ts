/** The last row of a view that reads keys: what keys there are, or what is being asked. */
import type { Interaction } from './interaction.ts';

const KEYS = {
  wide: '/ filter   ↑ ↓ select   l log   c cancel   C cancel run   q leave the view',
  narrow: '/ filter ↑↓ l log c C cancel q leave',
};

export function bottomLine({ mode, filter, selected, asked, note }: Interaction, columns: number): string {
  switch (mode) {
    case 'filter':
      return `filter: ${filter}_`;
    case 'confirm':
      return `Cancel ${asked?.node ?? 'the whole run'}? y / n`;
    case 'log':
      return `log of ${selected ?? ''}   Esc back`;
    case 'list': {
      if (note !== undefined) return note;
      // Rows may leave out the names of the axes; here the node is called as commands take it.
      if (selected !== undefined && !filter) return `${selected}   l log   c cancel   Esc list`;
      const keys = KEYS.wide.length <= columns ? KEYS.wide : KEYS.narrow;
      return filter ? `filter: ${filter}   Esc all` : keys;
    }
  }
}
