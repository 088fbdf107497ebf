import { access, chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Programs that a test can replace and remove. */
type FakeTool = 'c++' | 'python3' | 'npm';

const WHEEL = ['include/tensorflow/c/c_api.h', 'include/tensorflow/c/eager/c_api.h'].concat(
  ['include/tensorflow/core/platform/ctstring_internal.h', 'libtensorflow_cc.so.2'],
  'libtensorflow_framework.so.2',
);

/** Creates the files of a wheel. pip's target follows `--target`. */
const INSTALL = `while [ "$1" != --target ]; do shift; done
for file in ${WHEEL.join(' ')}; do mkdir -p "$2/tensorflow/$(dirname $file)"; : > "$2/tensorflow/$file"; done`;

/** Writes an archive with the one source of tfjs-node that is patched, for every package. */
const PACK = `while [ "$1" != --pack-destination ]; do shift; done
cd "$2" && mkdir -p package/binding
echo 'static std::set<std::string> ATTR_NAME_SET;' > package/binding/tfjs_backend.cc
tar -czf archive.tgz package && rm -r package`;

/** Writes a file that cannot be loaded. Its name follows `-o`. */
const COMPILE = `while [ "$1" != -o ]; do shift; done; echo 'not an addon' > "$2"`;

/** A machine with fake programs and an empty folder for the setup. */
export class FakeMachine {
  readonly native: string;
  readonly #folder: string;
  readonly #bin: string;
  readonly #log: string;
  readonly #before = { ...process.env };

  /** Use {@link FakeMachine.enter}. */
  constructor(folder: string) {
    this.native = path.join(folder, 'native');
    this.#folder = folder;
    this.#bin = path.join(folder, 'bin');
    this.#log = path.join(folder, 'log');
  }

  /** Creates a machine, and makes this process use it until {@link leave}. */
  static async enter(): Promise<FakeMachine> {
    const machine = new FakeMachine(await mkdtemp(path.join(tmpdir(), 'framewise-native-')));
    await mkdir(machine.#bin);
    for (const program of ['sh', 'tar', 'gzip', 'mkdir', 'dirname', 'rm', 'sleep']) {
      await symlink(await whereIs(program), path.join(machine.#bin, program));
    }
    for (const program of ['c++', 'python3', 'npm'] as const) await machine.restore(program);
    process.env['PATH'] = machine.#bin;
    process.env['FRAMEWISE_NATIVE'] = machine.native;
    delete process.env['CXX'];
    return machine;
  }

  /** Replaces a program. @param version - What it prints for `--version`, for `python3` what pip prints. */
  async put(program: FakeTool, script: string, version = 'pip 23.0 fake'): Promise<void> {
    const file = path.join(this.#bin, program);
    const source = `#!${path.join(this.#bin, 'sh')}
case "$*" in *--version) echo '${version}'; exit 0;; esac
echo "${program} $*" >> '${this.#log}'
${script}
`;
    await writeFile(file, source);
    await chmod(file, 0o755);
  }

  /** Makes a replaced or removed program work again. */
  async restore(program: FakeTool): Promise<void> {
    await this.put(program, { 'c++': COMPILE, python3: INSTALL, npm: PACK }[program]);
  }

  async remove(program: FakeTool): Promise<void> {
    await rm(path.join(this.#bin, program));
  }

  /** Every call except `--version`, one line each. */
  async calls(): Promise<string[]> {
    const log = await readFile(this.#log, 'utf8').catch(() => ''); // Nothing was called.
    return log.split('\n').slice(0, -1);
  }

  async leave(): Promise<void> {
    process.env = this.#before;
    await rm(this.#folder, { recursive: true });
  }
}

async function whereIs(program: string): Promise<string> {
  for (const folder of ['/usr/bin', '/bin']) {
    const file = path.join(folder, program);
    if (
      await access(file).then(
        () => true,
        () => false,
      )
    )
      return file;
  }
  throw new Error(`no ${program}`);
}
