import os from 'node:os';
import { FfmpegMissingError } from '../errors.js';
import { describeBackends, type BackendReport } from './backend-report.js';
import type { BackendName } from './backend.js';
import { findFfmpeg, type FfmpegTools } from '../ffmpeg/find-ffmpeg.js';
import { FRAMEWISE_VERSION } from '../version.js';

/** What framewise can use on this machine. */
export interface MachineReport {
  framewise: string;
  node: string;
  platform: string;
  cores: number;
  memoryGiB: number;
  /** The backend that is used by default. Null if none works. */
  backend: BackendName | null;
  backends: BackendReport[];
  /** Null if no ffmpeg works. */
  ffmpeg: FfmpegTools | null;
  /** What to do about missing or old parts, most urgent first. */
  advice: string[];
  /** Whether videos can be labeled here. */
  isReady: boolean;
}

/** Examines this machine. Changes nothing. */
export async function examineMachine(): Promise<MachineReport> {
  const advice: string[] = [];
  const ffmpeg = await findFfmpeg().catch((error: unknown) => {
    if (!(error instanceof FfmpegMissingError)) throw error;
    advice.push(error.message);
    return null;
  });
  if (ffmpeg?.isOutdated) {
    advice.push(
      `ffmpeg ${ffmpeg.version} is old: it lacks newer codecs and security fixes. ` +
        'Install a current one with "apt install ffmpeg", "brew install ffmpeg" or "winget install ffmpeg", ' +
        'or set FFMPEG_PATH.',
    );
  }
  const backends = await describeBackends();
  const preferred = process.env['FRAMEWISE_BACKEND'];
  // WebGPU on the processor is used only on request.
  const usable = backends.filter(
    ({ isAvailable, name, device }) =>
      isAvailable && (preferred ? name === preferred : name !== 'webgpu' || device === 'gpu'),
  );
  if (usable.length === 0) {
    advice.push(
      preferred
        ? `FRAMEWISE_BACKEND is "${preferred}", which cannot start on this machine. Unset it, or follow the advice for this backend.`
        : 'No backend can start. Run "npm install" again.',
    );
  }
  for (const { name, isAvailable, remedy } of backends) {
    if (!isAvailable && remedy) advice.push(`For the backend ${name}: ${remedy}`);
  }
  const backend = usable[0]?.name ?? null;
  return {
    framewise: FRAMEWISE_VERSION,
    node: process.version,
    platform: `${os.platform()} ${os.arch()}, ${os.release()}`,
    cores: os.availableParallelism(),
    memoryGiB: Math.round((os.totalmem() / 2 ** 30) * 10) / 10,
    backend,
    backends,
    ffmpeg,
    advice,
    isReady: backend !== null && ffmpeg !== null,
  };
}
