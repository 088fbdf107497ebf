import { encodeFrames } from '../encoder/features/encode-frames.js';
import type { FrameEncoder } from '../encoder/frame-encoder.js';
import { UsageError, VideoDecodeError, VideoOpenError } from '../errors.js';
import { labelEncoded } from '../labeler/online-labeler.js';
import type { ModelDescription } from '../labeler/model/model-folder.js';
import type { TemporalLabeler } from '../labeler/temporal-labeler.js';
import { labelFrames } from '../timeline/frame-labels.js';
import type { FrameLabel } from '../timeline/timeline.js';
import { markUnknownFrames } from '../timeline/unknown.js';
import { decodeFrames } from '../video/decode-frames.js';
import { isLiveSource } from '../video/live-input.js';
import { publicSource } from '../addresses.js';
import { isRemoteSource } from '../video/video-source.js';
import { FrameIntake } from './frame-intake.js';
import { KnownFrames, LiveClock, reconnecting } from './reconnect.js';
import type { StreamedFrame, StreamOptions } from './stream-options.js';

/** Enough for short network delays. When labeling is slow for long, each additional waiting frame delays the labels. */
const MAX_WAITING = 4;

/** The stages of a stream. */
export interface StreamStages {
  model: ModelDescription;
  labeler: TemporalLabeler;
  encoder: FrameEncoder;
}

/** A labeled frame of one connection. */
interface ConnectionFrame {
  frame: FrameLabel;
  arrivalMs: number;
  numDropped: number;
}

/**
 * Labels a video while it arrives. See `ActivityRecognizer.stream`.
 *
 * @param stages - Still owned by the caller, who disposes them.
 */
export async function* streamLabels(
  stages: StreamStages,
  source: string,
  options: StreamOptions & { sourceName?: string },
): AsyncGenerator<StreamedFrame> {
  expectOnline(stages.model, options.sourceName ?? source);
  const { startSec = 0, durationSec: wantedSec = Infinity, signal } = options;
  const isLive = isLiveSource(source);
  let ownDurationSec = 0;
  const attempts = source === '-' ? 0 : (options.reconnect ?? (isRemoteSource(source) ? Infinity : 0));
  const known = isLive && attempts > 0 ? new KnownFrames() : undefined;
  const isOver = () => known?.isRepetition === true && options.reconnect === undefined;
  const isEndless = () => isLive && ownDurationSec === 0 && !isOver();
  const clock = new LiveClock(1 / stages.model.frameRate);
  let connectionOptions = options;
  const connect = () => {
    clock.beginConnection();
    const connection = labelConnection(stages, source, {
      ...connectionOptions,
      dropFrames: options.dropFrames,
      isEndless,
      known,
      onDuration: (durationSec) => (ownDurationSec = durationSec),
    });
    connectionOptions = { ...options, startSec: undefined }; // only the first connection skips to startSec
    return connection;
  };
  const isFirstRetried = options.reconnect !== undefined;
  const onLoss = options.onConnectionLost;
  if (isLive) await warmUp(stages.encoder);
  let index = 0;
  const frames = reconnecting(connect, { attempts, isFirstRetried, isEndless, onLoss, signal });
  for await (const { frame, arrivalMs, numDropped } of frames) {
    const timeSec = clock.timeOf(frame.timeSec, arrivalMs);
    if (timeSec >= startSec + wantedSec) return;
    yield { ...frame, index: index++, timeSec, numDropped, delayMs: performance.now() - arrivalMs };
  }
}

/** Encodes a black frame, because the first frame takes a network long and a live source does not wait. */
async function warmUp(encoder: FrameEncoder): Promise<void> {
  const { inputWidth, inputHeight, concurrency = 1 } = encoder;
  const black = new Uint8Array(inputWidth * inputHeight * 3);
  await Promise.all(Array.from({ length: concurrency }, () => encoder.encode(black, 1)));
}

type ConnectionOptions = StreamOptions & {
  sourceName?: string;
  isEndless: () => boolean;
  known: KnownFrames | undefined;
  onDuration: (durationSec: number) => void;
};

async function* labelConnection(
  { model, labeler, encoder }: StreamStages,
  source: string,
  { unknownBelow, isEndless, known, dropFrames, maxWaiting = MAX_WAITING, ...options }: ConnectionOptions,
): AsyncGenerator<ConnectionFrame> {
  const leave = new AbortController();
  const signal = AbortSignal.any([leave.signal, ...(options.signal ? [options.signal] : [])]);
  const intake = new FrameIntake({ maxWaiting, mayDrop: () => dropFrames ?? isEndless() });
  const decoded = decodeFrames(source, {
    ...options,
    signal,
    allowRemote: options.allowRemote ?? isRemoteSource(source),
    allowLive: true,
    width: encoder.inputWidth,
    height: encoder.inputHeight,
    fit: encoder.pictureFit,
    frameRate: model.frameRate,
  });
  // In batches of one, so that no frame waits for others.
  const encoded = encodeFrames(intake.receive(known?.leaveOut(decoded) ?? decoded), encoder, {
    batchSize: 1,
    signal,
    skipUnchanged: options.skipUnchanged,
  });
  let nextIndex = 0;
  try {
    for await (const { indices, timesSec, probabilities } of labelEncoded(labeler, encoded)) {
      const named = labelFrames(model.labels, probabilities, timesSec);
      const frames =
        unknownBelow === undefined ? named : markUnknownFrames(named, model.labels, unknownBelow);
      for (const [i, frame] of frames.entries()) {
        const index = indices[i]!;
        const numDropped = index - nextIndex;
        nextIndex = index + 1;
        let isWanted = false;
        try {
          yield { frame, arrivalMs: intake.takeArrivalMs(index), numDropped };
          isWanted = true;
        } finally {
          // A consumer that leaves must not wait for a frame that may never arrive.
          if (!isWanted) leave.abort();
        }
      }
    }
  } catch (error) {
    throw intake.numReceived === 0 && isLiveSource(source) ? explainRefusal(source, error) : error;
  }
}

/** @throws {UsageError} If the model is bidirectional: it labels no frame before the video has ended. */
export function expectOnline({ name, network }: ModelDescription, source: string): void {
  if (!network.bidirectional) return;
  throw new UsageError(
    `The model "${name}" is bidirectional: it needs the end of a video before it can label the first frame of "${publicSource(source)}", ` +
      'and cannot label a stream. Use label() on the whole video, or train a model without bidirectional.',
  );
}

/** A live source that never delivered a frame could not be opened, whatever ffmpeg reports. */
function explainRefusal(source: string, error: unknown): unknown {
  if (!(error instanceof VideoDecodeError)) return error;
  const because = /\((.*)\)\.$/.exec(error.message)?.[1] ?? 'it delivered no frame';
  const hint = isRemoteSource(source)
    ? 'Check the address, that the server is running, and that it accepts this machine.'
    : 'Check that it delivers a video in a format that can be read without seeking.';
  return new VideoOpenError(`Cannot open "${error.path}": ${because}. ${hint}`, error.path, { cause: error });
}
