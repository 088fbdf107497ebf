import { FfmpegMissingError, VideoDecodeError, VideoStalledError } from '../errors.js';
import {
  startFfmpeg,
  type FfmpegCommand,
  type FfmpegExit,
  type FfmpegProcess,
} from '../ffmpeg/ffmpeg-process.js';
import type { DecodeOptions } from './decode-options.js';
import { FrameAssembler } from './frame-assembler.js';
import { guardFailure } from './host-guard.js';
import { parseInputDuration } from './input-duration.js';
import type { VideoFrame, VideoInfo } from './video-frame.js';
import { isOverPixelLimit, limitError, type VideoLimits } from './video-limits.js';

const STDERR_TAIL_LINES = 10;

/** Times are printed in whole microseconds. */
const HALF_MICROSECOND_SEC = 5e-7;

/** The command that decodes a video, and what is needed to read its output. */
export interface DecodePlan {
  source: string;
  /** Undefined for an address, which is not probed. */
  info: VideoInfo | undefined;
  limits: Required<VideoLimits>;
  /** Suffix of the names of the two `showinfo` filters: `source` prints source frames, `surplus` frames beyond the limit. */
  token: string;
  /** The input as ffmpeg has it. Messages show `source` instead, which has no password. */
  url: string;
  command: Omit<FfmpegCommand, 'stdout' | 'stderr' | 'onInputError'>;
  /** Seconds. Set if the decoder seeks: its first source frame must not be later. See {@link VideoDecoder.beginsInTime}. */
  mustBeginBySec: number | undefined;
}

/**
 * One running ffmpeg. Pairs the pixels of frame i from stdout with the i-th time from stderr. Frames wait in a short
 * queue; when it is full, ffmpeg waits. stderr is always read, so the two cannot block each other.
 */
export class VideoDecoder {
  readonly #plan: DecodePlan;
  readonly #options: DecodeOptions;
  readonly #process: FfmpegProcess;
  readonly #frames: FrameAssembler;
  readonly #timesSec: number[] = [];
  readonly #complaints: string[] = [];
  readonly #frameTime: RegExp;
  readonly #sourceTime: RegExp;
  readonly #stallTimer: NodeJS.Timeout;
  readonly #stallTimeoutMs: number;
  /** Start of a log line that a frame's time interrupted. */
  #lineBeginning = '';
  #numProgress = 0;
  #numFrames = 0;
  #numSourceFrames = 0;
  #lastTimeSec = 0;
  #exit: FfmpegExit | undefined;
  #failure: { reason: unknown } | undefined;
  #wake: (() => void) | undefined;
  #isInTime: boolean | undefined;

  constructor(plan: DecodePlan, options: DecodeOptions) {
    this.#plan = plan;
    this.#options = options;
    const frameBytes = options.width * options.height * 3;
    this.#frameTime = new RegExp(
      `^(.*)0, +-?\\d+, +(-?\\d+), +\\d+, +${frameBytes}, 0x[0-9a-f]{8}(?:, .*)?$`,
    );
    this.#sourceTime = new RegExp(
      `^\\[showinfo@(source|surplus)${plan.token} @ \\S+ \\[info\\] n: *\\d+ pts: *(-?\\d+|NOPTS) `,
    );
    this.#frames = new FrameAssembler(frameBytes, () => this.#progress(), options.newFrame);
    if (plan.mustBeginBySec === undefined) this.#isInTime = true;
    else this.#frames.hold();
    this.#process = startFfmpeg({
      ...plan.command,
      stdout: this.#frames,
      stderr: (line) => this.#readLine(line),
      onInputError: ({ message }) => {
        // How the process ended tells more.
        if (!this.#process.hasExited) this.#complain(`[error] reading the input failed: ${message}`);
      },
    });
    void this.#process.ended.then((exit) => {
      this.#exit = exit;
      this.#progress();
    });
    this.#stallTimeoutMs = options.stallTimeoutMs ?? 30_000;
    this.#stallTimer = setTimeout(() => this.#checkStall(), this.#stallTimeoutMs);
    options.signal?.addEventListener('abort', this.#abort);
  }

  /**
   * Whether the first source frame is at or before `mustBeginBySec`. If not, seeking has lost frames; nothing was reported
   * to the caller and no memory was taken.
   *
   * @throws The reason of `signal`, when it is aborted.
   */
  async beginsInTime(): Promise<boolean> {
    while (this.#isInTime === undefined && !this.#exit && !this.#failure) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    this.#options.signal?.throwIfAborted();
    return this.#isInTime === true;
  }

  /**
   * @returns The next frame, or undefined after the last one.
   * @throws {VideoDecodeError} After the last good frame if ffmpeg failed, or if there was no frame.
   * @throws {VideoLimitError} Before a frame beyond the limits.
   * @throws {VideoStalledError} If there was no progress for too long.
   */
  async next(): Promise<VideoFrame | undefined> {
    for (;;) {
      if (this.#failure) throw this.#failure.reason;
      if (this.#frames.hasFrame && this.#timesSec.length > 0) return this.#takeFrame();
      // The stream may still buffer frames when the process has ended.
      if (this.#exit && this.#frames.writableLength === 0) return this.#finish(this.#exit);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  /** Kills ffmpeg if it still runs. Resolves when the process is reaped. */
  async stop(): Promise<void> {
    this.#options.signal?.removeEventListener('abort', this.#abort);
    this.#process.kill();
    this.#frames.discard();
    await this.#process.ended;
    clearTimeout(this.#stallTimer); // last, because progress restarts it
  }

  #takeFrame(): VideoFrame | undefined {
    const data = this.#frames.take();
    const timeSec = this.#timesSec.shift();
    this.#stallTimer.refresh();
    if (!data || timeSec === undefined) return undefined;
    this.#expectWithinLimits(this.#numFrames + 1, timeSec);
    this.#lastTimeSec = timeSec;
    return { index: this.#numFrames++, timeSec, data };
  }

  #readLine(line: string): void {
    const [, beginning, framePts] = this.#frameTime.exec(line) ?? [];
    if (framePts !== undefined) {
      this.#lineBeginning = beginning!;
      this.#timesSec.push(Number(framePts) / 1e6);
      this.#progress();
    } else {
      this.#readLogLine(this.#lineBeginning + line);
      this.#lineBeginning = '';
    }
  }

  #readLogLine(line: string): void {
    const [, printer, pts] = this.#sourceTime.exec(line) ?? [];
    if (pts === undefined) return this.#readRemark(line); // no progress: a damaged file may complain forever
    if (pts === 'NOPTS')
      this.#fail(this.#decodeError('has a frame without a presentation time. Remux or convert it.'));
    else if (printer === 'surplus') this.#fail(limitError(this.#plan.source, this.#plan.limits, 'maxFrames'));
    else this.#reportSourceFrame(Number(pts) / 1e6);
    this.#progress();
  }

  #reportSourceFrame(timeSec: number): void {
    const { onSourceFrame, startSec = 0, durationSec = Infinity } = this.#options;
    const { mustBeginBySec = Infinity } = this.#plan;
    if (this.#isInTime === undefined) {
      this.#isInTime = timeSec <= mustBeginBySec + HALF_MICROSECOND_SEC;
      if (this.#isInTime) this.#frames.release();
    }
    if (!this.#isInTime) return;
    if (timeSec < startSec || timeSec >= startSec + durationSec) return; // seeking lands before the range
    this.#orFail(() => {
      // Checked here too: the fps filter would fill a jump of years with frames before the decoded frames show it.
      this.#expectWithinLimits(++this.#numSourceFrames, timeSec);
      onSourceFrame?.(timeSec);
    });
  }

  /** Runs a callback of the caller. If it throws, decoding fails with its error. */
  #orFail(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#fail(error);
    }
  }

  #expectWithinLimits(numFrames: number, timeSec: number): void {
    const { source, limits } = this.#plan;
    const { startSec = 0 } = this.#options;
    if (numFrames > limits.maxFrames) throw limitError(source, limits, 'maxFrames');
    if (timeSec - startSec > limits.maxDurationSec) throw limitError(source, limits, 'maxDurationSec');
  }

  #readRemark(line: string): void {
    const durationSec = parseInputDuration(line);
    if (durationSec !== undefined) this.#orFail(() => this.#options.onDuration?.(durationSec));
    if (!/\[(?:error|fatal|panic)\] /.test(line)) return;
    if (isOverPixelLimit(line)) this.#fail(limitError(this.#plan.source, this.#plan.limits, 'maxPixels'));
    this.#complain(line);
  }

  #complain(line: string): void {
    this.#complaints.push(line.replaceAll(this.#plan.url, this.#plan.source));
    if (this.#complaints.length > STDERR_TAIL_LINES) this.#complaints.shift();
  }

  #progress(): void {
    this.#numProgress++;
    this.#stallTimer?.refresh();
    this.#wake?.();
  }

  readonly #abort = () => this.#fail(this.#options.signal?.reason);

  #fail(reason: unknown): void {
    this.#failure ??= { reason };
    this.#process.kill();
    this.#frames.discard();
    this.#wake?.();
  }

  #checkStall(): void {
    const before = this.#numProgress;
    // If this thread was busy, output that has arrived meanwhile is read before `setImmediate` runs.
    setImmediate(() => {
      if (this.#frames.isFull || this.#numProgress !== before) {
        this.#stallTimer.refresh();
        return;
      }
      const message =
        `Decoding "${this.#plan.source}" stalled: no progress for ${this.#stallTimeoutMs} ms after ` +
        `${this.#numFrames} frames. Check the source, or raise stallTimeoutMs.`;
      this.#fail(new VideoStalledError(message, this.#plan.source, this.#stallTimeoutMs));
    });
  }

  /** Checks at the end of ffmpeg's output that it is complete and undamaged. */
  #finish({ exitCode, startError }: FfmpegExit): undefined {
    const { source, info, command } = this.#plan;
    if (startError) {
      const message = `Cannot start "${command.program}": ${startError.message}. Check FFMPEG_PATH, PATH.`;
      throw new FfmpegMissingError(message, { cause: startError });
    }
    // Before any frame the first complaint is the cause. Later the last one tells why decoding ended.
    const guarded = this.#numFrames === 0 ? guardFailure(command.environment?.['http_proxy']) : undefined;
    const complaint =
      guarded ??
      this.#complaints.at(this.#numFrames === 0 ? 0 : -1)?.replace(/^.*?\[(?:error|fatal|panic)\] /, '');
    const because = complaint ? ` (${complaint})` : '';
    if (this.#numFrames === 0 && exitCode !== null) {
      throw this.#decodeError(`gave no frame${this.#describeRange()}${because}.`);
    }
    if (exitCode !== 0) {
      const how = exitCode === null ? 'was killed' : `exited with code ${exitCode}`;
      throw this.#decodeError(`failed after ${this.#numFrames} frames: ffmpeg ${how}${because}.`);
    }
    if (this.#frames.partialBytes > 0 || this.#frames.hasFrame || this.#timesSec.length > 0) {
      throw this.#decodeError(
        `failed after ${this.#numFrames} frames: ffmpeg's output ended inside a frame${because}.`,
      );
    }
    if (complaint !== undefined) {
      if (info && this.#endsEarly(info)) {
        const [endSec, durationSec] = [this.#lastTimeSec.toFixed(3), info.durationSec.toFixed(3)];
        throw this.#decodeError(
          `ended at ${endSec} s of ${durationSec} s: the file is cut short or damaged${because}. ` +
            'The frames before that were decoded. Copy or record the file again to get the rest.',
        );
      }
      process.emitWarning(`"${source}" is damaged in places, where its frames may be wrong${because}.`, {
        code: 'FRAMEWISE_DAMAGED_VIDEO',
      });
    }
    return undefined;
  }

  /** ffmpeg exits with 0 even if the end of a file is missing. A complaint and a short length together reveal it. */
  #endsEarly({ durationSec, frameRate }: VideoInfo): boolean {
    if (this.#options.durationSec !== undefined) return false;
    const rates = [frameRate, this.#options.frameRate].map(Number).filter((rate) => rate > 0);
    return this.#lastTimeSec + Math.max(0.25, ...rates.map((rate) => 3 / rate)) < durationSec;
  }

  #describeRange(): string {
    const { startSec = 0, durationSec } = this.#options;
    if (durationSec !== undefined) return ` between ${startSec} s and ${startSec + durationSec} s`;
    return startSec > 0 ? ` from ${startSec} s on` : '';
  }

  #decodeError(what: string): VideoDecodeError {
    const details = { exitCode: this.#exit?.exitCode ?? null, stderrTail: this.#complaints.join('\n') };
    return new VideoDecodeError(`Decoding "${this.#plan.source}" ${what}`, {
      path: this.#plan.source,
      ...details,
    });
  }
}
