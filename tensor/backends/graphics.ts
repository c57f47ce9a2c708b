/**
 * The class of the graphics devices: kernels on them choose how to split their sums by the model. What the system lists
 * is read, so that nothing native is loaded; a software driver on a machine without a device is `none`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export function graphicsClass(): string {
  const models = [...nvidiaModels(), ...listedDevices()];
  return models.length === 0 ? 'none' : [...new Set(models)].sort().join('+');
}

function nvidiaModels(): string[] {
  return listed('/proc/driver/nvidia/gpus').flatMap((gpu) => {
    const model = /^Model:\s*(.+)$/m.exec(read(join('/proc/driver/nvidia/gpus', gpu, 'information')));
    return model?.[1] ? [model[1].trim().replaceAll(/\s+/g, '-').toLowerCase()] : [];
  });
}

/** Vendor and device of every card, e.g. `1002:73bf`. */
function listedDevices(): string[] {
  return listed('/sys/class/drm').flatMap((card) => {
    if (!/^card\d+$/.test(card)) return [];
    const [vendor, device] = ['vendor', 'device'].map((name) =>
      read(join('/sys/class/drm', card, 'device', name))
        .trim()
        .replace(/^0x/, ''),
    );
    return vendor && device ? [`${vendor}:${device}`] : [];
  });
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
