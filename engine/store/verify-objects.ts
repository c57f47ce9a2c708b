/** Objects: each is read and must have the digest that is its name. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Finding, REPAIR, type Verifying } from './findings.ts';
import { hashFile } from './hash-file.ts';
import { keyPath } from './keys.ts';
import { sayNode } from './node-names.ts';

export function* verifyObjects({ store, names, users, badObjects }: Verifying): Generator<Finding> {
  let unused = 0;
  let unusedBytes = 0;
  for (const folder of readdirSync(store.objects).sort())
    for (const name of readdirSync(join(store.objects, folder)).sort()) {
      const place = join(store.objects, folder, name);
      const found = hashFile(place);
      if (!found) continue;
      yield { type: 'checked', part: 'objects', files: 1, bytes: found.bytes };
      const keys = users.get(name) ?? [];
      if (found.sha256 !== name || folder !== name.slice(0, 2)) {
        badObjects.add(name);
        const nodes = keys.map((key) => sayNode(store, names, key));
        const message = /^[0-9a-f]{64}$/.test(name)
          ? 'The bytes of this stored file are not those that were written.'
          : 'This is no stored file: its name is no digest.';
        // A record without its object would be damage again; without a record the node is merely not finished.
        const aside = [...keys.map((key) => keyPath(store, key)), place];
        yield { type: 'damage', part: 'objects', place, message, nodes, help: REPAIR, aside };
      } else if (keys.length === 0) {
        unused++;
        unusedBytes += found.bytes;
      }
    }
  if (unused > 0) {
    const message = `Stored files that belong to no finished node: ${unused} of ${unusedBytes} bytes, which killed attempts left, or whose key was put aside. \`retort gc\` moves them to the trash.`;
    yield { type: 'note', part: 'objects', place: store.objects, message };
  }
}
