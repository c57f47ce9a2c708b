/**
 * Checkpoints: records with their seals, tensors with their digests. Tensors are written before their record, so after a
 * kill in between they belong to a later step than the record says, which their own metadata shows; everything else that
 * does not fit is damage.
 */
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { checkpointFolder, recordFile, SLOTS, type Slot, tensorsFile, unsealed } from './checkpoints.ts';
import { type Finding, RUN_AGAIN, type Verifying } from './findings.ts';
import { hashFile } from './hash-file.ts';
import { readKey } from './keys.ts';
import { sayNode } from './node-names.ts';
import { safetensorsMetadata } from './tensor-header.ts';

export function* verifyCheckpoints({ store, names }: Verifying): Generator<Finding> {
  for (const key of readdirSync(store.checkpoints).sort()) {
    const folder = checkpointFolder(store, key);
    if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) continue;
    const node = sayNode(store, names, key);
    const states = SLOTS.map((slot) => ({ slot, ...slotState(folder, slot) }));
    const whole = states.filter(({ is }) => is === 'whole');
    for (const { slot, is, bytes } of states) {
      if (bytes > 0) yield { type: 'checked', part: 'checkpoints', files: 1, bytes };
      const place = tensorsFile(folder, slot);
      const goesOn = whole.length > 0 ? 'the other one is used' : 'the node begins at its first step';
      if (is === 'damaged') {
        const files = [tensorsFile(folder, slot), recordFile(folder, slot)].filter((file) => existsSync(file));
        const message = 'A checkpoint is not what was written.';
        const help = `It is not believed: ${goesOn}. \`retort verify --repair\` puts it aside; ${RUN_AGAIN}`;
        yield { type: 'damage', part: 'checkpoints', place, message, nodes: [node], help, aside: files };
      } else if (is === 'torn') {
        const message = `${node}: one of its two checkpoints was being written when its process ended; ${goesOn}.`;
        yield { type: 'note', part: 'checkpoints', place, message };
      }
    }
    if (whole.length > 0 && readKey(store, key)) {
      const message = `${node} is finished; its checkpoints are of no use any more. \`retort gc\` moves them to the trash.`;
      yield { type: 'note', part: 'checkpoints', place: folder, message };
    }
  }
}

function slotState(folder: string, slot: Slot): { is: 'empty' | 'whole' | 'torn' | 'damaged'; bytes: number } {
  const tensors = hashFile(tensorsFile(folder, slot));
  const bytes = tensors?.bytes ?? 0;
  const path = recordFile(folder, slot);
  if (!existsSync(path)) return { is: tensors ? 'torn' : 'empty', bytes };
  const record = unsealed(readFileSync(path, 'utf8'));
  if (!record || !tensors) return { is: 'damaged', bytes };
  if (record.tensors.sha256 === tensors.sha256) return { is: 'whole', bytes };
  const step = Number(safetensorsMetadata(tensorsFile(folder, slot))?.step ?? Number.NaN);
  return { is: step > record.step ? 'torn' : 'damaged', bytes };
}
