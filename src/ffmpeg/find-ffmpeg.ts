import { execFile } from 'node:child_process';
import { access, chmod, constants, copyFile, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { programCacheFolders } from '../cache-folder.js';
import { FfmpegMissingError } from '../errors.js';

/** A program that prints its version within this time works. Loading it takes long on a busy machine. */
const VERSION_TIMEOUT_MS = 15_000;

const execute = promisify(execFile);

/** Runs a program with `-version`. A program that does not end is killed. */
function readVersion(program: string): Promise<{ stdout: string }> {
  return execute(program, ['-version'], { timeout: VERSION_TIMEOUT_MS, killSignal: 'SIGKILL' });
}
const extension = process.platform === 'win32' ? '.exe' : '';

/**
 * The first libavformat whose ffmpeg knows `-fps_mode` (ffmpeg 5.1); before it, the option is called
 * `-vsync`.
 */
const FPS_MODE_LIBAVFORMAT = 59.027;
/** libavformat of ffmpeg 4.4, the oldest release line that distributions still repair. */
const CURRENT_LIBAVFORMAT = 58.076;

const HOW_TO_INSTALL =
  'install a current one with "apt install ffmpeg", "brew install ffmpeg" or "winget install ffmpeg", ' +
  'or name one in FFMPEG_PATH';

/** The programs that read video on this machine. */
export interface FfmpegTools {
  ffmpegPath: string;
  ffprobePath: string;
  /** Which of the three places they came from. */
  origin: 'FFMPEG_PATH' | 'PATH' | 'bundled';
  /** ffmpeg's version as it prints it; a build from its repository has a hash instead of a number. */
  version: string;
  /** Older than ffmpeg 4.4, as the bundled one of 2018 is. */
  isOutdated: boolean;
  /** Whether ffmpeg calls the option `-fps_mode`; an older one calls it `-vsync`. */
  supportsFpsMode: boolean;
}

const found = new Map<string, Promise<FfmpegTools>>();

/**
 * Finds ffmpeg and ffprobe: those that `FFMPEG_PATH` (and `FFPROBE_PATH`) name, else those on `PATH`, else
 * the old ones that npm brought. Programs on `PATH` that fail are an error, because the old ones know fewer codecs. The answer is kept for as long as these variables stay the same. The first
 * use of the old ones emits the process warning `FRAMEWISE_OLD_FFMPEG`.
 *
 * @throws {FfmpegMissingError} If `FFMPEG_PATH` or the programs on `PATH` do not run, or no place has both programs.
 */
export function findFfmpeg(): Promise<FfmpegTools> {
  const { FFMPEG_PATH, FFPROBE_PATH, PATH } = process.env;
  const key = JSON.stringify([FFMPEG_PATH, FFPROBE_PATH, PATH]);
  let tools = found.get(key);
  if (!tools) {
    tools = FFMPEG_PATH ? findNamed(FFMPEG_PATH, FFPROBE_PATH) : findInstalledOrBundled();
    tools.catch(() => found.delete(key)); // the caller handles the error; the next call looks again
    found.set(key, tools);
  }
  return tools;
}

/**
 * A variable that is set but wrong is an error, because ignoring it would run another program than the requested one.
 */
async function findNamed(ffmpegPath: string, ffprobeVariable: string | undefined): Promise<FfmpegTools> {
  const beside = path.join(path.dirname(ffmpegPath), `ffprobe${extension}`);
  const isBeside = await isExecutable(beside);
  const ffprobePath = ffprobeVariable || (isBeside ? beside : ((await onPath('ffprobe')) ?? beside));
  const banner = await readBanner(ffmpegPath).catch((cause: unknown) => {
    throw new FfmpegMissingError(
      `FFMPEG_PATH is "${ffmpegPath}", which does not run as ffmpeg: with -version it ${reason(cause)}. ` +
        'Correct the variable, or unset it to use the ffmpeg on PATH.',
      { cause },
    );
  });
  await readVersion(ffprobePath).catch((cause: unknown) => {
    throw new FfmpegMissingError(
      `FFMPEG_PATH is "${ffmpegPath}", but no ffprobe runs: "${ffprobePath}" with -version ${reason(cause)}. ` +
        'Set FFPROBE_PATH to the ffprobe that belongs to it.',
      { cause },
    );
  });
  return describe(ffmpegPath, ffprobePath, 'FFMPEG_PATH', banner);
}

async function findInstalledOrBundled(): Promise<FfmpegTools> {
  const [ffmpegPath, ffprobePath] = [await onPath('ffmpeg'), await onPath('ffprobe')];
  if (ffmpegPath === undefined || ffprobePath === undefined) {
    const missing = [!ffmpegPath && 'ffmpeg', !ffprobePath && 'ffprobe'].filter(Boolean).join(' and ');
    return findBundled(`PATH has no ${missing}`);
  }
  const failOf = (program: string) => (cause: unknown) => {
    throw new FfmpegMissingError(
      `The program "${program}" on PATH does not work: with -version it ${reason(cause)}. ` +
        'Try again or repair it, name another one in FFMPEG_PATH, or remove it from PATH.',
      { cause },
    );
  };
  const banner = await readBanner(ffmpegPath).catch(failOf(ffmpegPath));
  await readVersion(ffprobePath).catch(failOf(ffprobePath));
  return describe(ffmpegPath, ffprobePath, 'PATH', banner);
}

/** @param why - Why the old programs are used. */
async function findBundled(why: string): Promise<FfmpegTools> {
  try {
    const ffmpegPath = await makeExecutable(await bundledPath(import('@ffmpeg-installer/ffmpeg')));
    const ffprobePath = await makeExecutable(await bundledPath(import('@ffprobe-installer/ffprobe')));
    await readVersion(ffprobePath);
    const tools = describe(ffmpegPath, ffprobePath, 'bundled', await readBanner(ffmpegPath));
    warnOfBundled(tools, why);
    return tools;
  } catch (cause) {
    throw new FfmpegMissingError(
      `No ffmpeg and ffprobe run on this machine: FFMPEG_PATH is not set, ${why}, ` +
        `and the ones that npm brings fail (${reason(cause)}); ${HOW_TO_INSTALL}.`,
      { cause },
    );
  }
}

let hasWarned = false;

function warnOfBundled({ version }: FfmpegTools, why: string): void {
  if (hasWarned) return;
  hasWarned = true;
  process.emitWarning(
    `Using the old ffmpeg that npm brings (${version}, 2018), because ${why}: ${HOW_TO_INSTALL}.`,
    {
      code: 'FRAMEWISE_OLD_FFMPEG',
    },
  );
}

/**
 * If the installer packages have no program for the platform, they throw while they load, one of them a bare string.
 */
async function bundledPath(installer: Promise<{ default: { path: string } }>): Promise<string> {
  try {
    return (await installer).default.path;
  } catch (cause) {
    throw new Error(`npm brings none for ${process.platform}-${process.arch}`, { cause });
  }
}

/**
 * npm no longer runs install scripts by default, so the bundled programs may lack the executable bit.
 */
async function makeExecutable(file: string): Promise<string> {
  if (await isExecutable(file)) return file;
  try {
    await chmod(file, 0o755);
    return file;
  } catch {
    return copyToCache(file); // the package belongs to another user
  }
}

async function copyToCache(file: string): Promise<string> {
  const name = path.join(path.basename(path.dirname(file)), path.basename(file));
  const copies = programCacheFolders().map((cache) => path.join(cache, name));
  for (const existing of copies) if (await isExecutable(existing)) return existing;
  const copy = copies[0]!;
  const folder = path.dirname(copy);
  const aside = `${copy}.${process.pid}.part`;
  try {
    await mkdir(folder, { recursive: true });
    await copyFile(file, aside);
    await chmod(aside, 0o755);
    await rename(aside, copy);
    return copy;
  } catch (cause) {
    await rm(aside, { force: true });
    throw new Error(`"${file}" is not executable and cannot be copied to "${folder}"`, { cause });
  }
}

/** Looks a program up as a shell does, but never in the current folder, where Windows would look first. */
async function onPath(program: string): Promise<string | undefined> {
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const candidate = path.resolve(folder, program + extension);
    if (folder !== '' && (await isExecutable(candidate))) return candidate;
  }
  return undefined;
}

function isExecutable(file: string): Promise<boolean> {
  return access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
}

/** Facts that ffmpeg prints about itself. */
async function readBanner(ffmpegPath: string): Promise<string> {
  const { stdout } = await readVersion(ffmpegPath);
  if (!stdout.startsWith('ffmpeg version')) throw new Error('does not print the version of ffmpeg');
  return stdout;
}

function describe(
  ffmpegPath: string,
  ffprobePath: string,
  origin: FfmpegTools['origin'],
  banner: string,
): FfmpegTools {
  // A build from the repository has no version number, but every build lists its libraries.
  const [, major = '0', minor = '0'] = /^libavformat\s+(\d+)\.\s*(\d+)/m.exec(banner) ?? [];
  const libavformat = Number(major) + Number(minor) / 1000;
  return {
    ffmpegPath,
    ffprobePath,
    origin,
    version: /^ffmpeg version (\S+)/.exec(banner)?.[1] ?? 'unknown',
    isOutdated: libavformat < CURRENT_LIBAVFORMAT,
    supportsFpsMode: libavformat >= FPS_MODE_LIBAVFORMAT,
  };
}

/** Describes how a program failed, to complete "it …". */
function reason(error: unknown): string {
  const { code, killed, signal, message } = error as Error & {
    code?: string | number;
    killed?: boolean;
    signal?: string;
  };
  if (killed && signal) return `did not end within ${VERSION_TIMEOUT_MS / 1000} s`;
  if (signal) return `was ended by ${signal}`;
  const [first = '', complaint = ''] = message.trim().split('\n');
  if (typeof code === 'number') return `exited with code ${code}${complaint && `, "${complaint}"`}`;
  return typeof code === 'string' ? `cannot be started, ${code}` : first;
}
