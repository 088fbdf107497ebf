import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { BackendValues } from '@tensorflow/tfjs-core';
import { BackendError, DeviceLostError, OutOfMemoryError } from '../errors.js';

/** What computes: a graphics processor, or a program that does as if. */
export interface GpuAdapter {
  /** As its driver calls it. */
  name: string;
  /** A program on the processor, such as SwiftShader or llvmpipe. */
  isSoftware: boolean;
}

/** What tfjs keeps to itself of the memory that it uses again. */
interface BufferManager {
  freeBuffers: Map<string, GPUBuffer[]>;
  numFreeBuffers: number;
  numBytesAllocated: number;
}

const ERROR_KINDS = ['validation', 'internal', 'out-of-memory'] as const;

/**
 * TensorFlow.js's WebGPU backend, with its failures told. WebGPU reports an operation that cannot be done only to who asks
 * for errors, and TensorFlow.js 4.22 does not: it reads zeros where memory ran out. Here the reading fails.
 */
export class CheckedWebGpuBackend extends WebGPUBackend {
  private loss: string | undefined;
  private hasFailedBuffers = false;

  /** @param adapter - What the device belongs to; for messages. */
  constructor(
    device: GPUDevice,
    info: GPUAdapterInfo,
    readonly adapter: GpuAdapter,
  ) {
    super(device, info);
    this.watchErrors();
    void device.lost.then(({ message }) => (this.loss = message));
  }

  /** Whether the device is gone, and with it every tensor that was on it. */
  get isLost(): boolean {
    return this.loss !== undefined;
  }

  /** Named as tfjs-node names it. */
  get isUsingGpuDevice(): boolean {
    return !this.adapter.isSoftware;
  }

  /**
   * Reads a tensor's values, after all that was asked for before.
   *
   * @throws {OutOfMemoryError} If something of that did not fit into the device's memory.
   * @throws {DeviceLostError} If the device is gone.
   * @throws {BackendError} If something of that is refused.
   */
  override async read(dataId: object): Promise<BackendValues> {
    if (this.tensorMap.get(dataId)?.values) return super.read(dataId); // Not on the device.
    const reading = super.read(dataId); // Submits what was asked for, before it waits.
    const error = this.takeError();
    await Promise.allSettled([reading, error]);
    if (this.loss !== undefined) throw new DeviceLostError(this.adapter.name, this.loss);
    const cause = await error;
    if (cause) throw this.explain(cause);
    return reading;
  }

  override uploadToGPU(dataId: object): void {
    if (this.hasFailedBuffers) this.forgetFreeBuffers();
    try {
      super.uploadToGPU(dataId);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause; // Memory that is filled when it is made must be there at once.
      void this.takeError(); // It was told; whoever reads next has no part in it.
      throw this.explain(cause);
    }
  }

  override dispose(): void {
    super.dispose();
    this.device.destroy();
  }

  private watchErrors(): void {
    for (const kind of ERROR_KINDS) this.device.pushErrorScope(kind);
  }

  /** The error of what was asked for since this was last called. Memory comes first: the others follow from it. */
  private async takeError(): Promise<GPUError | undefined> {
    const scopes = ERROR_KINDS.map(() => this.device.popErrorScope()); // The last kind first.
    this.watchErrors();
    return (await Promise.all(scopes)).find((error) => error !== null && error !== undefined);
  }

  private explain(cause: Error | GPUError): Error {
    const reason = cause.message.split('\n', 1)[0]!;
    const isMemory =
      cause instanceof RangeError ||
      cause.constructor.name === 'GPUOutOfMemoryError' ||
      /exceeds the max buffer size|larger than the maximum storage buffer binding size/.test(reason);
    if (!isMemory) {
      const message = `WebGPU on "${this.adapter.name}" refuses an operation: ${reason} Take another backend, and report this.`;
      return new BackendError(message, 'webgpu', { cause });
    }
    this.hasFailedBuffers = true;
    return new OutOfMemoryError(this.adapter.name, reason, { cause });
  }

  /** Memory that could not be had is kept by tfjs like any other, and would be handed out again as if it were there. */
  private forgetFreeBuffers(): void {
    const manager = this.bufferManager as unknown as BufferManager;
    for (const buffers of manager.freeBuffers.values()) {
      for (const buffer of buffers.splice(0)) {
        manager.numBytesAllocated -= buffer.size;
        buffer.destroy();
      }
    }
    manager.numFreeBuffers = 0;
    this.hasFailedBuffers = false;
  }
}
