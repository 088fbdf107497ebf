import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { FfmpegMissingError } from '../../src/errors.js';
import { findFfmpeg, type FfmpegTools } from '../../src/ffmpeg/find-ffmpeg.js';

const folder = await mkdtemp(path.join(os.tmpdir(), 'framewise-ffmpeg-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

const original = { ...process.env };
afterAll(() => Object.assign(process.env, original));

async function findWith(variables: {
  FFMPEG_PATH?: string;
  FFPROBE_PATH?: string;
  PATH?: string;
}): Promise<FfmpegTools> {
  for (const name of ['FFMPEG_PATH', 'FFPROBE_PATH'] as const) delete process.env[name];
  Object.assign(process.env, { PATH: '', ...variables });
  return findFfmpeg();
}

const warnings: string[] = [];
process.on('warning', (warning) => warnings.push((warning as NodeJS.ErrnoException).code ?? ''));
const bundled = await findWith({});

it('uses the bundled programs if there are no others, and warns once that they are old', async () => {
  expect(bundled).toMatchObject({ origin: 'bundled', isOutdated: true, supportsFpsMode: false });
  const banner = execFileSync(bundled.ffmpegPath, ['-version'], { encoding: 'utf8' });
  expect(banner).toContain(`ffmpeg version ${bundled.version} `);
  expect(execFileSync(bundled.ffprobePath, ['-version'], { encoding: 'utf8' })).toContain('ffprobe version');
  await findWith({ PATH: folder });
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings.filter((code) => code === 'FRAMEWISE_OLD_FFMPEG')).toHaveLength(1);
});

it('prefers FFMPEG_PATH, with the ffprobe of FFPROBE_PATH', async () => {
  const { ffmpegPath: FFMPEG_PATH, ffprobePath: FFPROBE_PATH } = bundled;
  expect(await findWith({ FFMPEG_PATH, FFPROBE_PATH })).toMatchObject({
    ...{ origin: 'FFMPEG_PATH', ffmpegPath: FFMPEG_PATH, ffprobePath: FFPROBE_PATH },
  });
});

it.skipIf(process.platform === 'win32')(
  'finds both on PATH, and an ffprobe beside FFMPEG_PATH (links need a privilege on Windows)',
  async () => {
    await symlink(bundled.ffmpegPath, path.join(folder, 'ffmpeg'));
    await expect(findWith({ FFMPEG_PATH: path.join(folder, 'ffmpeg') })).rejects.toThrow('no ffprobe runs');
    await symlink(bundled.ffprobePath, path.join(folder, 'ffprobe'));
    const tools = { ffmpegPath: path.join(folder, 'ffmpeg'), ffprobePath: path.join(folder, 'ffprobe') };
    const PATH = [path.join(folder, 'nothing'), folder].join(path.delimiter);
    expect(await findWith({ PATH, FFMPEG_PATH: '' })).toMatchObject({ origin: 'PATH', ...tools });
    expect(await findWith({ FFMPEG_PATH: tools.ffmpegPath })).toMatchObject({
      origin: 'FFMPEG_PATH',
      ...tools,
    });
  },
);

it('refuses an FFMPEG_PATH that does not run instead of using another ffmpeg', async () => {
  const missing = path.join(folder, 'missing');
  await expect(findWith({ FFMPEG_PATH: missing })).rejects.toThrow(FfmpegMissingError);
  await expect(findWith({ FFMPEG_PATH: missing })).rejects.toThrow(
    `FFMPEG_PATH is "${missing}", which does not run`,
  );
  const other = findWith({ FFMPEG_PATH: process.execPath });
  await expect(other).rejects.toThrow('FFMPEG_PATH');
});

it.skipIf(process.platform === 'win32')(
  'refuses an ffmpeg or ffprobe on PATH that fails, by its name, instead of taking the old one (a script needs a shebang)',
  async () => {
    const works = "echo 'ffmpeg version 7'; echo 'libavformat    61. 1.100 / 61'";
    const cases: [ffmpeg: string, ffprobe: string, failing: string, how: string][] = [
      ['kill -9 $$', works, 'ffmpeg', 'was ended by SIGKILL'],
      ['kill -11 $$', works, 'ffmpeg', 'was ended by SIGSEGV'],
      ['echo lost library >&2; exit 127', works, 'ffmpeg', 'exited with code 127, "lost library"'],
      ['echo hello', works, 'ffmpeg', 'does not print the version of ffmpeg'],
      ['exec sleep 1000', works, 'ffmpeg', 'did not end within 15 s'],
      [works, 'exit 1', 'ffprobe', 'exited with code 1'],
    ];
    const refusals = cases.map(async ([ffmpeg, ffprobe, failing, how], i) => {
      const place = path.join(folder, `failing-${i}`);
      await mkdir(place);
      for (const [name, script] of Object.entries({ ffmpeg, ffprobe })) {
        await writeFile(path.join(place, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
      }
      return { PATH: `${place}:/usr/bin:/bin`, program: path.join(place, failing), how };
    });
    for (const { PATH, program, how } of await Promise.all(refusals)) {
      const error: unknown = await findWith({ PATH }).catch((reason: unknown) => reason);
      expect(error).toBeInstanceOf(FfmpegMissingError);
      expect((error as Error).message).toContain(
        `"${program}" on PATH does not work: with -version it ${how}.`,
      );
      const named = findWith({
        FFMPEG_PATH: program,
        FFPROBE_PATH: bundled.ffprobePath,
        PATH: '/usr/bin:/bin',
      });
      if (program.endsWith('ffmpeg')) await expect(named).rejects.toThrow(`FFMPEG_PATH is "${program}"`);
      else await expect(named).rejects.toThrow('FFMPEG_PATH');
    }
  },
);

it.skipIf(process.platform === 'win32')(
  'reads what an ffmpeg can do from its libraries (a script needs a shebang)',
  async () => {
    const findVersion = async (libavformat: string) => {
      const script = path.join(folder, `ffmpeg-${libavformat}`);
      await writeFile(
        script,
        `#!/bin/sh\necho 'ffmpeg version N-1-gabc'\necho 'libavformat    ${libavformat} / 1'\n`,
        { mode: 0o755 },
      );
      return findWith({ FFMPEG_PATH: script, FFPROBE_PATH: bundled.ffprobePath });
    };
    expect(await findVersion('58. 45.100')).toMatchObject({
      isOutdated: true,
      supportsFpsMode: false,
      version: 'N-1-gabc',
    });
    expect(await findVersion('58. 76.100')).toMatchObject({ isOutdated: false, supportsFpsMode: false });
    expect(await findVersion('59. 16.100')).toMatchObject({ isOutdated: false, supportsFpsMode: false });
    expect(await findVersion('59. 27.100')).toMatchObject({ supportsFpsMode: true });
    expect(await findVersion('62.  3.100')).toMatchObject({ isOutdated: false, supportsFpsMode: true });
  },
);
