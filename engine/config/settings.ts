/**
 * What a user has decided for all experiments: `retort.config.yaml`, found upward from the working directory, and the
 * user's own below `$XDG_CONFIG_HOME/retort`. The nearer one wins key by key. Folders are meant from where the file lies,
 * so that a command means the same store in every folder of a project. Nothing here is ever in a cache key by itself.
 */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';
import type { JsonObject } from '../../base/json.ts';
import { ok, type Result } from '../../base/result.ts';
import { NUMERICS_MODES } from '../plan/numerics.ts';
import type { Diagnostic } from './diagnostics.ts';

export const SETTINGS_FILE = 'retort.config.yaml';

export interface Settings {
  /** For experiments that name none. */
  readonly backend?: string;
  /** For experiments that do not say what of it stands in keys. */
  readonly numerics?: string;
  /** Folder of data sets. */
  readonly data?: string;
  /** Folder of results. */
  readonly store?: string;
}

export type ReadSettings =
  | { readonly ok: true; readonly value: Settings }
  | { readonly ok: false; readonly error: readonly Diagnostic[] };

export interface SettingsPlace {
  readonly folder: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly backends: readonly string[];
}

/** Environment over the project's file over the user's; flags win over all of them and are not known here. */
export async function readSettings({ folder, environment, backends }: SettingsPlace): Promise<ReadSettings> {
  const files = [projectSettings(folder), userSettings(environment)].filter(
    (path): path is string => path !== undefined && existsSync(path),
  );
  let settings: Settings = {};
  const wrong: Diagnostic[] = [];
  if (files.length > 0) {
    // Only now: most commands meet no such file, and YAML and schemas take their time to load.
    const { parseSettings } = await import('./settings-file.ts');
    for (const path of new Set(files)) {
      const shown = relative(folder, path).startsWith('../../..') ? path : relative(folder, path);
      const text = readText(path, shown);
      if (!text.ok) {
        wrong.push(text.error);
        continue;
      }
      const parsed = parseSettings(shown, text.value, settingsProperties(backends));
      if (parsed.ok) settings = { ...placed(parsed.value, path, folder), ...settings };
      else wrong.push(...parsed.error);
    }
  }
  return wrong.length > 0 ? { ok: false, error: wrong } : { ok: true, value: { ...settings, ...given(environment) } };
}

function readText(path: string, shown: string): Result<string, Diagnostic> {
  try {
    return ok(readFileSync(path, 'utf8'));
  } catch (error) {
    const message = `The file \`${shown}\` cannot be read: ${(error as Error).message}.`;
    return { ok: false, error: { code: 'FILE_UNREADABLE', message, file: shown, related: [] } };
  }
}

/** The nearest one upward; undefined where there is none. */
export function projectSettings(folder: string): string | undefined {
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (existsSync(join(at, SETTINGS_FILE))) return join(at, SETTINGS_FILE);
    if (dirname(at) === at) return undefined;
  }
}

function userSettings({ XDG_CONFIG_HOME }: SettingsPlace['environment']): string {
  return join(XDG_CONFIG_HOME || join(homedir(), '.config'), 'retort', SETTINGS_FILE);
}

function given({ RETORT_BACKEND, RETORT_DATA, RETORT_STORE }: SettingsPlace['environment']): Settings {
  return {
    ...(RETORT_BACKEND && { backend: RETORT_BACKEND }),
    ...(RETORT_DATA && { data: RETORT_DATA }),
    ...(RETORT_STORE && { store: RETORT_STORE }),
  };
}

function placed({ backend, numerics, data, store }: Settings, path: string, folder: string): Settings {
  const at = (name: string) => {
    // No shell stands between the file and us.
    const spelled = name === '~' || name.startsWith('~/') ? join(homedir(), name.slice(1)) : name;
    return isAbsolute(spelled) ? spelled : relative(folder, join(dirname(path), spelled)) || '.';
  };
  return {
    ...(backend && { backend }),
    ...(numerics && { numerics }),
    ...(data && { data: at(data) }),
    ...(store && { store: at(store) }),
  };
}

function settingsProperties(backends: readonly string[]): Readonly<Record<string, JsonObject>> {
  return {
    backend: { type: 'string', enum: [...backends], description: 'The engine of experiments that name none.' },
    numerics: {
      type: 'string',
      enum: [...NUMERICS_MODES],
      description: 'What of the numerics stands in keys, for experiments that do not say.',
    },
    data: { type: 'string', minLength: 1, description: 'The folder of the data set, or of several by name.' },
    store: { type: 'string', minLength: 1, description: 'The folder of results.' },
  };
}
