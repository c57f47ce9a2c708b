/** What editors check experiments against. */
import { schemaText } from '../../config/schema-text.ts';
import { EXIT } from '../exit-codes.ts';
import { print } from '../output.ts';

export async function run(): Promise<number> {
  print(schemaText());
  return EXIT.done;
}
