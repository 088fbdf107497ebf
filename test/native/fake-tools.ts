import { access, chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** Programs that can be replaced and removed. */
type FakeTool = 'c++' | 'python3' | 'npm';

const WHEEL = ['include/tensorflow/c/c_api.h', 'include/tensorflow/c/eager/c_api.h'].concat(
  ['include/tensorflow/core/platform/ctstring_internal.h', 'libtensorflow_cc.so.2'],
  'libtensorflow_framework.so.2',
);

/** pip's target comes after `--target`. */
const INSTALL = `while [ "$1" != --target ]; do shift; done
for file in ${WHEEL.join(' ')}; do mkdir -p "$2/tensorflow/$(dirname $file)"; : > "$2/tensorflow/$file"; done`;

/** An archive with tfjs-node's one source that is mended, whatever package is asked for. */
const PACK = `while [ "$1" != --pack-destination ]; do shift; done
cd "$2" && mkdir -p package/binding
echo 'static std::set<std::string> ATTR_NAME_SET;' > package/binding/tfjs_backend.cc
tar -czf archive.tgz package && rm -r package`;

/** The result comes after `-o`. No addon, so that it cannot be loaded. */
const COMPILE = `while [ "$1" != -o ]; do shift; done; echo 'not an addon' > "$2"`;

/** A machine with programs that pretend, and an empty folder for what is set up. */
export class FakeMachine {
  readonly native: string;
  private readonly bin: string;
  private readonly log: string;
  private readonly before = { ...process.env };

  private constructor(private readonly folder: string) {
    this.native = path.join(folder, 'native');
    this.bin = path.join(folder, 'bin');
    this.log = path.join(folder, 'log');
  }

  /** Makes one, and lets this process believe in it until {@link leave}. */
  static async enter(): Promise<FakeMachine> {
    const machine = new FakeMachine(await mkdtemp(path.join(tmpdir(), 'framewise-native-')));
    await mkdir(machine.bin);
    for (const program of ['sh', 'tar', 'gzip', 'mkdir', 'dirname', 'rm', 'sleep']) {
      await symlink(await whereIs(program), path.join(machine.bin, program));
    }
    await machine.put('c++', COMPILE);
    await machine.put('python3', INSTALL);
    await machine.put('npm', PACK);
    process.env['PATH'] = machine.bin;
    process.env['FRAMEWISE_NATIVE'] = machine.native;
    delete process.env['CXX'];
    return machine;
  }

  /** Replaces a program. @param version - What it says of itself; of `python3`, what its pip says. */
  async put(program: FakeTool, script: string, version = 'pip 23.0 fake'): Promise<void> {
    const file = path.join(this.bin, program);
    const source = `#!${path.join(this.bin, 'sh')}
case "$*" in *--version) echo '${version}'; exit 0;; esac
echo "${program} $*" >> '${this.log}'
${script}
`;
    await writeFile(file, source);
    await chmod(file, 0o755);
  }

  async remove(program: FakeTool): Promise<void> {
    await rm(path.join(this.bin, program));
  }

  /** Everything that was run beside `--version`, a line each. */
  async calls(): Promise<string[]> {
    const log = await readFile(this.log, 'utf8').catch(() => ''); // Nothing was run.
    return log.split('\n').slice(0, -1);
  }

  async leave(): Promise<void> {
    process.env = this.before;
    await rm(this.folder, { recursive: true });
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
