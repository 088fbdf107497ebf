import { publicSource, redactAddresses } from './addresses.js';

/**
 * Every failure that framewise foresees. A program reads `code` and the fields; a person reads the message, which
 * says what failed, on what, expected against received, and what to do. Addresses in messages and fields have no user,
 * password and query.
 */
export abstract class FramewiseError extends Error {
  /** Stable identifier, `ERR_…`, safe to compare with. */
  abstract readonly code: string;

  constructor(message: string, options?: ErrorOptions) {
    super(redactAddresses(message), options);
  }

  /** Name of the subclass, such as `VideoOpenError`. */
  override get name(): string {
    return this.constructor.name;
  }
}

/** The package sharp, which reads and draws pictures, is not installed for this machine. Videos do not need it. */
export class SharpMissingError extends FramewiseError {
  readonly code = 'ERR_SHARP_MISSING';
}

/** The command line or an option was used wrongly. */
export class UsageError extends FramewiseError {
  readonly code = 'ERR_USAGE';
}

/** A TensorFlow.js backend that was asked for cannot start, or fails on the way. */
export class BackendError extends FramewiseError {
  readonly code = 'ERR_BACKEND';

  constructor(
    message: string,
    readonly backend: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The device ran out of memory. */
export class OutOfMemoryError extends FramewiseError {
  readonly code = 'ERR_OUT_OF_MEMORY';

  constructor(
    readonly device: string,
    reason: string,
    options?: ErrorOptions,
  ) {
    super(
      `Out of memory on "${device}": ${reason} Take smaller batches, end other programs that use the device, ` +
        'or take another backend.',
      options,
    );
  }
}

/** A GPU stopped, was reset or was removed. Its tensors are lost. */
export class DeviceLostError extends BackendError {
  constructor(
    readonly device: string,
    reason: string,
  ) {
    super(
      `The device "${device}" was lost: ${reason || 'its driver gives no reason'}. Start again; if it happens again, ` +
        "install the driver's current version or take another backend.",
      'webgpu',
    );
  }
}

/** A native backend cannot be set up on this machine. */
export class NativeSetupError extends FramewiseError {
  readonly code = 'ERR_NATIVE_SETUP';

  constructor(
    message: string,
    /** The step that failed. */
    readonly step: 'platform' | 'folder' | 'disk' | 'tools' | 'tensorflow' | 'sources' | 'addon' | 'proof',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** Neither ffmpeg nor ffprobe could be found or started. */
export class FfmpegMissingError extends FramewiseError {
  readonly code = 'ERR_FFMPEG_MISSING';
}

/** A video cannot be opened: missing, unreadable, a folder, not a video, or without a video stream. */
export class VideoOpenError extends FramewiseError {
  readonly code = 'ERR_VIDEO_OPEN';

  /** The video, see `publicSource`. */
  readonly path: string;

  constructor(message: string, path: string, options?: ErrorOptions) {
    super(message, options);
    this.path = publicSource(path);
  }
}

/** Decoding began and failed, or gave no frame. */
export class VideoDecodeError extends FramewiseError {
  readonly code = 'ERR_VIDEO_DECODE';
  readonly path: string;
  /** Exit status of ffmpeg. Null if a signal ended it. */
  readonly exitCode: number | null;
  /** The last lines that ffmpeg wrote. */
  readonly stderrTail: string;

  constructor(
    message: string,
    details: { path: string; exitCode: number | null; stderrTail: string },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.path = publicSource(details.path);
    this.exitCode = details.exitCode;
    this.stderrTail = redactAddresses(details.stderrTail);
  }
}

/** The decoder produced nothing for longer than the stall timeout and was stopped. */
export class VideoStalledError extends FramewiseError {
  readonly code = 'ERR_VIDEO_STALLED';

  /** The video, see `publicSource`. */
  readonly path: string;

  constructor(
    message: string,
    path: string,
    readonly stallTimeoutMs: number,
  ) {
    super(message);
    this.path = publicSource(path);
  }
}

/** A video exceeds the decode limits, see `VideoLimits`. */
export class VideoLimitError extends FramewiseError {
  readonly code = 'ERR_VIDEO_LIMIT';

  /** The video, see `publicSource`. */
  readonly path: string;

  constructor(
    message: string,
    path: string,
    /** The limit that was exceeded. */
    readonly limit: 'maxPixels' | 'maxFrames' | 'maxDurationSec' | 'maxBytes',
    /** Value of the limit. */
    readonly maximum: number,
  ) {
    super(message);
    this.path = publicSource(path);
  }
}

/** A video was replaced, changed or removed while it was being read. */
export class VideoChangedError extends FramewiseError {
  readonly code = 'ERR_VIDEO_CHANGED';

  /** The video, see `publicSource`. */
  readonly path: string;

  constructor(message: string, path: string, options?: ErrorOptions) {
    super(message, options);
    this.path = publicSource(path);
  }
}

/** The model of an encoder cannot be loaded or does not match its description. */
export class EncoderError extends FramewiseError {
  readonly code = 'ERR_ENCODER';
}

/** A worker thread of the encoder pool died, and its batch failed a second time. */
export class WorkerError extends FramewiseError {
  readonly code = 'ERR_WORKER';
}

/** The folder of a trained model is missing, damaged or not a model. */
export class ModelError extends FramewiseError {
  readonly code = 'ERR_MODEL';

  constructor(
    message: string,
    readonly path: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The shape of an array or tensor is not the one that the operation needs. */
export class ShapeError extends FramewiseError {
  readonly code = 'ERR_SHAPE';

  constructor(
    what: string,
    readonly expected: string,
    readonly received: string,
  ) {
    super(`${what}: expected ${expected}, received ${received}.`);
  }
}

/** A label file cannot be read or contradicts itself. */
export class AnnotationError extends FramewiseError {
  readonly code = 'ERR_ANNOTATION';

  constructor(
    message: string,
    readonly path: string,
    /** One-based number of the wrong line, if it is a single line. */
    readonly line?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A dataset cannot be used to train or evaluate a model. */
export class DatasetError extends FramewiseError {
  readonly code = 'ERR_DATASET';

  constructor(
    message: string,
    readonly path: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** A gradient contains NaN or infinity. A step along it would destroy the weights. */
export class GradientError extends FramewiseError {
  readonly code = 'ERR_GRADIENT';

  constructor(
    /** Names of the variables whose gradient is not finite. */
    readonly variables: string[],
  ) {
    super(
      `The gradient of ${variables.join(', ')} is not finite. Skip this step, or lower the learning rate; if it is so ` +
        'from the first step on, look for NaN or infinity in inputs and weights.',
    );
  }
}

/** Training cannot continue: there is nothing to learn from, or the loss is not finite. */
export class TrainingError extends FramewiseError {
  readonly code = 'ERR_TRAINING';
}

/** A result cannot be written. */
export class OutputError extends FramewiseError {
  readonly code: string = 'ERR_OUTPUT';

  constructor(
    message: string,
    readonly path: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The results of one video cannot be written under their name. Other videos are not affected. */
export class OutputNameError extends OutputError {
  override readonly code = 'ERR_OUTPUT_NAME';
}

/** Another run writes into the same output folder. */
export class OutputLockedError extends FramewiseError {
  readonly code = 'ERR_OUTPUT_LOCKED';

  constructor(
    message: string,
    /** The lock file. */
    readonly path: string,
  ) {
    super(message);
  }
}

/** Weights contain values that no computation can start from. */
export class WeightsError extends FramewiseError {
  readonly code = 'ERR_WEIGHTS';
}
