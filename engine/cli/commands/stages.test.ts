/** The page of a stage is the schema that editors complete by: no key, description, default, bound or example is missing. */
import { expect, it, vi } from 'vitest';
import type { JsonObject } from '../../../base/json.ts';
import { stageKinds } from '../../../stages/registry.ts';
import { schemaText } from '../../config/schema-text.ts';
import { Arguments } from '../arguments.ts';
import { run } from './stages.ts';

async function pageOf(kind: string): Promise<string> {
  let page = '';
  const write = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    page += text;
    return true;
  });
  try {
    expect(await run(new Arguments([kind], new Map()))).toBe(0);
  } finally {
    write.mockRestore();
  }
  // Lines are wrapped at spaces alone.
  return page.replace(/\s+/g, ' ');
}

const { definitions } = JSON.parse(schemaText()) as { definitions: Record<string, { properties: JsonObject }> };

it.each(stageKinds)('$kind', async ({ kind, inputs }) => {
  const page = await pageOf(kind);
  for (const [name, schema] of Object.entries(definitions[`kind-${kind}`]?.properties ?? {})) {
    if (name === 'stage') continue;
    const { description, default: usual, examples } = schema as JsonObject;
    expect(page).toContain(` ${name}: `);
    // The editor is told the default, or where an input comes from, at the end of the sentence.
    const said = String(description)
      .replace(/ Default: .*$/, '')
      .replace(/ The name of a stage that makes .*$/, '');
    expect([name, page.includes(said.replace(/\s+/g, ' '))]).toEqual([name, true]);
    if (usual !== undefined && !(name in inputs)) expect(page).toContain(`default ${JSON.stringify(usual)}`);
    for (const example of Array.isArray(examples) ? examples : [])
      expect(page).toContain(typeof example === 'string' ? example : JSON.stringify(example));
  }
});
