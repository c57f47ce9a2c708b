/** `npm run schema`: writes what editors check experiments against. A test fails when the committed file is not this. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../base/package-root.ts';
import { schemaText } from './schema-text.ts';

writeFileSync(join(packageRoot(), 'schemas', 'experiment.schema.json'), schemaText());
