/**
 * `retort setup tensorflow`: Node's binding built against TensorFlow from PyPI, with nothing but npm, pip and a C++
 * toolchain. The package's own installer downloads an old TensorFlow from a host of its own; the binding is plain N-API over
 * the C interface, so any TensorFlow library does. Everything is made in a folder beside and renamed when it works.
 */
import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { fail, ok, type Result } from '../../../base/result.ts';
import { cacheFolder } from './runtime.ts';

export interface InstallOptions {
  /** Of TensorFlow on PyPI. */
  readonly version?: string;
  readonly python?: string;
  /** Told before each step. */
  readonly onStep?: (step: string) => void;
}

export const defaultVersion = '2.21.0';
const binding = '@tensorflow/tfjs-node';
const bindingVersion = '4.22.0';
/** Whose wheels hold the library; it is only unpacked, never run, so any interpreter may fetch it. */
const wheelPython = '3.11';

/** The folder in which the binding lies; at once when it is there already. */
export async function installTensorflow(options: InstallOptions = {}): Promise<Result<string>> {
  const { version = defaultVersion, python = process.env.RETORT_PYTHON ?? 'python3', onStep = () => {} } = options;
  if (process.platform !== 'linux') {
    return fail('SETUP_PLATFORM', `Building against TensorFlow from PyPI works on Linux, this is ${process.platform}`, {
      help: `Install the package with its own library instead: npm install ${binding}`,
    });
  }
  const place = join(cacheFolder(), version);
  if (existsSync(place)) return ok(place);
  mkdirSync(cacheFolder(), { recursive: true });
  const work = mkdtempSync(join(cacheFolder(), 'building-'));
  const remove = () => rmSync(work, { recursive: true, force: true });
  process.on('exit', remove);
  try {
    const built = await build(work, version, python, onStep);
    if (!built.ok) return built;
    renameSync(work, place);
    return ok(place);
  } finally {
    process.off('exit', remove);
    remove();
  }
}

async function build(
  work: string,
  version: string,
  python: string,
  onStep: (step: string) => void,
): Promise<Result<void>> {
  writeFileSync(join(work, 'package.json'), '{ "private": true }\n');
  onStep(`${binding} ${bindingVersion} from npm`);
  const npm = ['install', '--ignore-scripts', '--no-audit', '--no-fund', `${binding}@${bindingVersion}`];
  const installed = await run('npm', npm, work);
  if (!installed.ok) return installed;

  onStep(`TensorFlow ${version} from PyPI (about 270 MB)`);
  const wheel = [`tensorflow-cpu==${version}`, '--no-deps', '--only-binary=:all:', '--python-version', wheelPython];
  const downloaded = await run(python, ['-m', 'pip', 'download', ...wheel, '--dest', 'wheel'], work);
  if (!downloaded.ok) return downloaded;

  onStep('unpacking');
  const folder = join(work, 'node_modules', binding);
  const unpacked = await run(python, ['-c', unpackScript, 'wheel', join(folder, 'deps')], work);
  if (!unpacked.ok) return unpacked;
  for (const [link, library] of [
    ['libtensorflow.so', 'libtensorflow_cc.so.2'],
    ['libtensorflow_framework.so', 'libtensorflow_framework.so.2'],
  ] as const)
    symlinkSync(library, join(folder, 'deps/lib', link));
  rmSync(join(work, 'wheel'), { recursive: true, force: true });

  onStep('compiling the binding');
  const headers = nodeHeaders();
  const gyp = ['--no-install', 'node-pre-gyp', 'install', '--build-from-source', ...headers];
  const compiled = await run('npx', gyp, folder);
  if (!compiled.ok) return compiled;

  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Record<string, unknown>;
  writeFileSync(
    join(folder, 'package.json'),
    `${JSON.stringify({ ...manifest, retortTensorflow: version }, null, 2)}\n`,
  );
  onStep('trying it');
  return run(process.execPath, ['-e', `require(${JSON.stringify(binding)}).tensor([1]).dataSync()`], work);
}

/** Node's own headers where they are installed; they are downloaded otherwise. */
function nodeHeaders(): string[] {
  if (process.env.npm_config_nodedir !== undefined) return [`--nodedir=${process.env.npm_config_nodedir}`];
  return existsSync('/usr/include/node/node_api.h') ? ['--nodedir=/usr'] : [];
}

/** Of the wheel only the two libraries and the headers that the binding includes. */
const unpackScript = `
import glob, os, re, sys, zipfile
source, target = sys.argv[1:]
with zipfile.ZipFile(glob.glob(os.path.join(source, '*.whl'))[0]) as wheel:
    for name in wheel.namelist():
        library = re.fullmatch(r'tensorflow/(libtensorflow_(?:cc|framework)\\.so\\.2)', name)
        header = re.fullmatch(r'tensorflow/(include/(?:tensorflow/c|tensorflow/core/platform|tsl|xla/tsl/c)/.*[^/])', name)
        if library or header:
            path = os.path.join(target, 'lib/' + library[1] if library else header[1])
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with wheel.open(name) as packed, open(path, 'wb') as file:
                while block := packed.read(1 << 24):
                    file.write(block)
`;

/** Runs to the end; a failure carries the last lines of what was printed. */
function run(command: string, args: readonly string[], folder: string): Promise<Result<void>> {
  return new Promise((settle) => {
    const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
    let printed = '';
    const keep = (text: string) => {
      printed = (printed + text).slice(-4000);
    };
    child.stdout.setEncoding('utf8').on('data', keep);
    child.stderr.setEncoding('utf8').on('data', keep);
    child.on('error', (error) => settle(fail('SETUP_FAILED', `${command} did not start: ${error.message}`)));
    child.on('close', (code) => {
      if (code === 0) return settle(ok(undefined));
      const shown = [command, ...args.filter((arg) => !arg.includes('\n'))].join(' ');
      settle(
        fail('SETUP_FAILED', `\`${shown}\` ended with ${code}:\n${printed.trim().split('\n').slice(-8).join('\n')}`),
      );
    });
  });
}
