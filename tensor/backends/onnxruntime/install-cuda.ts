/**
 * `retort setup cuda`: the libraries for NVIDIA GPUs that are too large for the npm package. The package's own install
 * script fetches them; `npm ci` skips it, so it is run here, and again after the next `npm ci`.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail, ok, type Result } from '../../../base/result.ts';
import { nativeFolder, presence } from './provider.ts';

export interface InstallCudaOptions {
  /** Also where no GPU is seen: on the login node of a cluster, say. */
  readonly force?: boolean;
  /** What the script prints. */
  readonly onLine?: (line: string) => void;
}

/** The folder in which the libraries lie; at once when they are there already. */
export async function installCuda({
  force = false,
  onLine = () => {},
}: InstallCudaOptions = {}): Promise<Result<string>> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    return fail(
      'SETUP_PLATFORM',
      `onnxruntime has CUDA for Linux on x64, this is ${process.platform} ${process.arch}`,
      {
        help: 'Any GPU with a driver for Vulkan, Metal or Direct3D 12 computes with `--backend onnxruntime:webgpu`.',
      },
    );
  }
  if (presence('cuda').ok) return ok(nativeFolder());
  if (!force && !existsSync('/proc/driver/nvidia/version')) {
    return fail('SETUP_NO_GPU', 'There is no NVIDIA GPU here, or its driver is not loaded', {
      help: 'Install the driver first; for a machine without a GPU that shares its files with one, type `retort setup cuda --force`.',
    });
  }
  // The script downloads into the folder for temporary files, and what it leaves there when it is ended is ours to remove.
  const work = mkdtempSync(join(tmpdir(), 'retort-cuda-'));
  const remove = () => rmSync(work, { recursive: true, force: true });
  process.on('exit', remove);
  try {
    const run = await script(work, onLine);
    if (!run.ok) return run;
    return presence('cuda').ok ? ok(nativeFolder()) : fail('SETUP_FAILED', 'The script ended without the libraries');
  } finally {
    process.off('exit', remove);
    remove();
  }
}

function script(work: string, onLine: (line: string) => void): Promise<Result<void>> {
  const path = join(nativeFolder(), '../../../../script/install.js');
  const env = { ...process.env, TMPDIR: work, ONNXRUNTIME_NODE_INSTALL: 'true' };
  return new Promise((settle) => {
    const child = spawn(process.execPath, [path], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.trim().split('\n')) onLine(line);
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-4000);
    });
    child.on('error', (error) => settle(fail('SETUP_FAILED', `The script did not start: ${error.message}`)));
    child.on('close', (code) => {
      if (code === 0) return settle(ok(undefined));
      const reason = /^(?:\w*Error: .*|.*\bE[A-Z]{4,}\b.*)$/m.exec(errors)?.[0] ?? `it ended with ${code}`;
      settle(
        fail('SETUP_FAILED', `The libraries could not be fetched from api.nuget.org: ${reason.trim()}`, {
          help: 'It needs that host, directly or through GLOBAL_AGENT_HTTPS_PROXY.',
        }),
      );
    });
  });
}
