/** The schema of this version's stages, data sets and backends, as the file that is committed. */
import { dataSetNames } from '../../data/registry.ts';
import { stageKinds } from '../../stages/registry.ts';
import { editorSchema } from './editor-schema.ts';
import { BACKENDS } from './resolve.ts';

export function schemaText(): string {
  return `${JSON.stringify(editorSchema({ dataSets: dataSetNames, backends: BACKENDS }, stageKinds), undefined, 2)}\n`;
}
