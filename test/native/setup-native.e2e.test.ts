import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import type * as files from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { framewise, framewiseWith } from '../cli/command-line.js';
import { FakeMachine } from './fake-tools.js';

vi.mock('node:fs/promises', async (importOriginal) => {
  const original = await importOriginal<typeof files>();
  return { ...original, statfs: vi.fn(original.statfs) };
});

// The fake programs download no real files.
const pinned = vi.hoisted(
  (): Record<'ARCHIVE_INTEGRITY' | 'WHEEL_SHA256', Record<string, string | string[]>> => {
    return { ARCHIVE_INTEGRITY: {}, WHEEL_SHA256: {} };
  },
);
vi.mock('../../src/native/pinned-downloads.js', () => pinned);

const isLinux = process.platform === 'linux' && ['x64', 'arm64'].includes(process.arch);
const onLinux = isLinux ? '' : ' (skipped: setups are for Linux)';

describe.skipIf(!isLinux)(`framewise setup-native${onLinux}`, () => {
  let machine: FakeMachine;
  let root: string;

  beforeEach(async () => {
    machine = await FakeMachine.enter();
    root = path.join(machine.native, 'tensorflow');
  });
  afterEach(() => machine.leave());

  const expectFailure = async (message: RegExp, ...flags: string[]): Promise<void> => {
    const { exitCode, stderr } = await framewise('setup-native', ...flags);
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(1);
  };

  describe('checks before it starts', () => {
    afterEach(async () => {
      expect(existsSync(root)).toBe(false);
      expect(await machine.calls()).toEqual([]);
    });

    it('prints what it would do on a dry run', async () => {
      const { exitCode, stdout, stderr } = await framewise('setup-native', '--dry-run');
      expect(exitCode).toBe(0);
      expect(stdout.split('\n')).toEqual([
        expect.stringMatching(/^tensorflow: pip of "python3" installs tensorflow(-cpu)?==2\.21\.0 into/),
        expect.stringMatching(/^packages: npm downloads @tensorflow\/tfjs-node@4\.22\.0, google-protobuf@/),
        expect.stringMatching(/^addon: "c\+\+" compiles/),
        expect.stringMatching(/^proof:/),
        '',
      ]);
      expect(stderr).toContain(root);
    });

    it('needs a compiler', async () => {
      await machine.remove('c++');
      await expectFailure(/no C\+\+ compiler \(tried c\+\+, g\+\+, clang\+\+\).*apt install g\+\+/);
    });

    it('uses the compiler that CXX names', async () => {
      process.env['CXX'] = 'no-such-compiler';
      expect((await framewise('setup-native', '--dry-run')).stdout).toContain('"c++" compiles');
      await machine.remove('c++');
      await expectFailure(/tried no-such-compiler, c\+\+/);
    });

    it('needs Python', async () => {
      await machine.remove('python3');
      await expectFailure(/no Python \(tried python3, python\).*--python/);
    });

    it('uses no other Python than the requested one', async () => {
      await expectFailure(/no Python \(tried python9\)/, '--python', 'python9');
    });

    it('needs pip', async () => {
      await machine.put('python3', '', '');
      await writeFile(
        path.join(path.dirname(machine.native), 'bin', 'python3'),
        `#!/bin/sh\n[ "$1" = --version ] && exit 0\necho 'No module named pip' >&2; exit 1\n`,
      );
      await expectFailure(/"python3" has no pip.*apt install python3-pip.*ensurepip/);
    });

    it('refuses a pip that does not know the wheels, and says how to update it', async () => {
      await machine.put('python3', '', 'pip 20.2.4 from /usr');
      await expectFailure(/pip 20\.2\.4 .*pip 20\.3 or newer.*--upgrade pip/);
    });

    it('needs npm', async () => {
      await machine.remove('npm');
      await expectFailure(/no "npm" on PATH/);
    });

    it.each(['1.15.5', '2', 'latest', '2.21.0; rm -rf'])('refuses the release "%s"', async (release) => {
      const { exitCode, stderr } = await framewise('setup-native', '--tensorflow', release);
      expect(stderr).toContain(`"${release}" is not a release of TensorFlow 2`);
      expect(exitCode).toBe(2);
    });

    it('needs enough disk space', async () => {
      const actual = await statfs('/');
      vi.mocked(statfs).mockResolvedValueOnce({ ...actual, bsize: 4096, bavail: 2 ** 18 });
      await expectFailure(/has 1\.0 GiB free; the setup needs 3 GiB.*FRAMEWISE_NATIVE/);
    });

    it('has nothing to undo', async () => {
      const { exitCode, stdout } = await framewise('setup-native', '--undo');
      expect(stdout).toBe('Nothing is set up for tensorflow.\n');
      expect(exitCode).toBe(0);
    });
  });

  describe('pip', () => {
    it.each([
      [
        'cannot reach its index',
        `echo 'WARNING: NewConnectionError: Temporary failure in name resolution' >&2
         echo 'ERROR: Could not find a version that satisfies it (from versions: none)' >&2; exit 1`,
        /pip cannot reach its package index for tensorflow.*PIP_INDEX_URL.*resumes where it stopped/,
      ],
      [
        'knows no such release',
        `echo 'ERROR: Could not find a version (from versions: 2.20.0, 2.21.0)' >&2; exit 1`,
        /There is no tensorflow.*==2\.21\.0\. Choose one of 2\.20\.0, 2\.21\.0 with --tensorflow/,
      ],
      [
        'has none for this machine',
        `echo 'ERROR: Could not find a version (from versions: none)' >&2; exit 1`,
        /There is no tensorflow.*==2\.21\.0 for this machine \(linux/,
      ],
      [
        'fills the disk',
        `echo 'ERROR: [Errno 28] No space left on device' >&2; exit 1`,
        /The disk of ".*" is full.*FRAMEWISE_NATIVE/,
      ],
      ['fails otherwise', `echo 'ERROR: cosmic ray' >&2; exit 1`, /pip cannot install.*ERROR: cosmic ray/],
      [
        'brings a wheel without a C library',
        `while [ "$1" != --target ]; do shift; done; mkdir -p "$2/tensorflow"`,
        /does not contain include\/tensorflow\/c\/c_api\.h.*libtensorflow_cc\.so\.2.*--tensorflow/,
      ],
    ])('%s', async (_name, script, message) => {
      await machine.put('python3', script);
      await expectFailure(message);
      expect(existsSync(path.join(root, 'tensorflow'))).toBe(false);
      expect(existsSync(path.join(root, 'tensorflow.part.tmp'))).toBe(false);
    });

    it.each([
      ['2.18.1', '==2.18.1'],
      ['2.18', '==2.18.*'],
    ])('is asked for release %s as %s', async (release, requirement) => {
      await framewise('setup-native', '--tensorflow', release);
      expect((await machine.calls())[0]).toMatch(
        new RegExp(`--no-deps tensorflow(-cpu)?${escape(requirement)}$`),
      );
    });

    it.runIf(process.arch === 'x64')('installs the CUDA libraries on request', async () => {
      const { stderr } = await framewise('setup-native', '--cuda');
      expect((await machine.calls())[0]).toMatch(/--python-version 3\.11 tensorflow\[and-cuda\]==2\.21\.0$/);
      expect(stderr).toContain(path.join(machine.native, 'tensorflow-gpu'));
    });
  });

  describe('npm', () => {
    it.each([
      [
        'cannot reach its registry',
        `echo 'npm error code ENOTFOUND' >&2; exit 1`,
        /npm cannot reach its registry for @tensorflow\/tfjs-node@4\.22\.0/,
      ],
      [
        'has no such version',
        `echo 'npm error code ETARGET' >&2; exit 1`,
        /npm cannot download @tensorflow\/tfjs-node@4\.22\.0.*ETARGET/,
      ],
      [
        'brings sources that are not those known',
        `while [ "$1" != --pack-destination ]; do shift; done
         cd "$2" && mkdir -p package/binding && echo other > package/binding/tfjs_backend.cc
         tar -czf archive.tgz package && rm -r package`,
        /tfjs_backend\.cc" is not the expected source/,
      ],
    ])('%s', async (_name, script, message) => {
      await machine.put('npm', script);
      await expectFailure(message);
    });
  });

  describe('trusts neither the working folder nor a changed download', () => {
    afterEach(() => {
      for (const pins of Object.values(pinned)) for (const name of Object.keys(pins)) delete pins[name];
    });

    it('runs no program in the working folder, and Python isolated', async () => {
      const folder = path.dirname(machine.native);
      const places = path.join(folder, 'places');
      for (const program of ['python3', 'npm', 'c++'] as const) {
        await machine.put(program, `echo "$PWD" >> '${places}'; exit 1`);
        const before = process.cwd();
        process.chdir(folder);
        await framewise('setup-native').finally(() => process.chdir(before));
        expect((await machine.calls()).at(-1)).toMatch(
          program === 'python3' ? /^python3 -I -m pip / : program,
        );
        await machine.restore(program);
      }
      const visited = (await readFile(places, 'utf8')).trim().split('\n');
      expect(visited).toHaveLength(3);
      expect(visited).not.toContain(folder);
    });

    it('refuses an archive with another checksum', async () => {
      pinned.ARCHIVE_INTEGRITY['@tensorflow/tfjs-node@4.22.0'] = 'sha512-other';
      await expectFailure(
        /tfjs-node@4\.22\.0 is not the file that framewise was tested with.*expected sha512-other/,
      );
      expect(existsSync(path.join(root, 'packages'))).toBe(false);
    });

    it('lets pip refuse a wheel with another checksum', async () => {
      for (const name of ['tensorflow', 'tensorflow-cpu']) pinned.WHEEL_SHA256[`${name}==2.21.0`] = ['ab12'];
      await machine.put('python3', `echo 'THESE PACKAGES DO NOT MATCH THE HASHES'; exit 1`);
      await expectFailure(/is not the file that framewise was tested with: its checksum differs/);
      expect((await machine.calls())[0]).toMatch(/--require-hashes --requirement .*requirements\.txt$/);
    });
  });

  it('quotes the compiler when it fails, and resumes there the next time', async () => {
    await machine.put('c++', `echo 'napi_auto_ref.h:3: error: no such type' >&2; exit 1`);
    await expectFailure(/does not compile with "c\+\+": napi_auto_ref\.h:3: error: no such type.*CXX/);
    const calls = (await machine.calls()).length;
    const { stdout } = await framewise('setup-native', '--dry-run');
    expect(stdout).toMatch(/^tensorflow: already there\npackages: already there\naddon: "c\+\+" compiles/);
    await framewise('setup-native');
    expect((await machine.calls()).slice(calls)).toEqual([expect.stringMatching(/^c\+\+ -std=c\+\+17/)]);
  });

  it('does not count as set up if the addon cannot be loaded', async () => {
    await expectFailure(/The addon was compiled but does not work: .*(too short|ELF header)/);
    expect(await readdir(root)).not.toContain('manifest.json');
  });

  it('patches the sources so that threads do not share data', async () => {
    await framewise('setup-native');
    const source = 'packages/node_modules/@tensorflow/tfjs-node/binding/tfjs_backend.cc';
    expect(await readFile(path.join(root, source), 'utf8')).toMatch(/^static thread_local std::set/);
  });

  it('rebuilds only what depends on the release when another one is requested', async () => {
    await framewise('setup-native');
    const calls = (await machine.calls()).length;
    const { stderr } = await framewise('setup-native', '--tensorflow', '2.18.1');
    expect(stderr).toContain('removing  tensorflow, addon of an earlier setup');
    const programs = (await machine.calls()).slice(calls).map((call) => call.split(' ', 1)[0]);
    expect(programs).toEqual(['python3', 'c++']);
    // The release stays that one unless another is named.
    const { stdout } = await framewise('setup-native', '--dry-run');
    expect(stdout).toMatch(/^tensorflow: already there/);
  });

  it('is undone completely, and leaves its neighbors alone', async () => {
    await framewise('setup-native');
    await mkdir(path.join(machine.native, 'tensorflow-gpu'), { recursive: true });
    const { stdout } = await framewise('setup-native', '--undo');
    expect(stdout).toBe(`Removed "${root}".\n`);
    expect(await readdir(machine.native)).toEqual(['tensorflow-gpu']);
  });

  it('neither uses nor removes a folder that it did not make', async () => {
    await mkdir(root, { recursive: true });
    await writeFile(path.join(root, 'thesis.txt'), '');
    await expectFailure(/contains files that are not a setup of framewise.*FRAMEWISE_NATIVE/);
    await expectFailure(/was not made by "framewise setup-native".*not removed/, '--undo');
    expect(await readdir(root)).toEqual(['thesis.txt']);
    expect(await machine.calls()).toEqual([]);
    await rm(root, { recursive: true });
  });

  it('stops when interrupted, and leaves no partial files', async () => {
    await machine.put('python3', 'exec sleep 60');
    const controller = new AbortController();
    const run = framewiseWith({ signal: controller.signal }, 'setup-native');
    while ((await machine.calls()).length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    controller.abort();
    expect((await run).exitCode).toBe(130);
    expect(await readdir(root)).toEqual(['plan.json']);
  });
});

function escape(text: string): string {
  return text.replace(/[.*]/g, '\\$&');
}
