import { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import type { BackendValues } from '@tensorflow/tfjs-core';
import { BackendError, DeviceLostError, OutOfMemoryError } from '../errors.js';
import type { GpuAdapter, WebGpuBufferManager } from './backend-internals.js';

const ERROR_KINDS = ['validation', 'internal', 'out-of-memory'] as const;

/**
 * TensorFlow.js's WebGPU backend, with error reporting. WebGPU reports a failed operation only to code that asks for
 * errors. TensorFlow.js 4.22 does not ask, and reads zeros after the device ran out of memory. Here `read` fails instead.
 */
export class CheckedWebGpuBackend extends WebGPUBackend {
  #loss: string | undefined;
  #hasFailedBuffers = false;

  /** @param adapter - The adapter of the device, for messages. */
  constructor(
    device: GPUDevice,
    info: GPUAdapterInfo,
    readonly adapter: GpuAdapter,
  ) {
    super(device, info);
    this.#watchErrors();
    void device.lost.then(({ message }) => (this.#loss = message));
  }

  /** Whether the device was lost, and with it all of its tensors. */
  get isLost(): boolean {
    return this.#loss !== undefined;
  }

  /** Named as in tfjs-node. */
  get isUsingGpuDevice(): boolean {
    return !this.adapter.isSoftware;
  }

  /**
   * Reads a tensor's values, after all earlier operations.
   *
   * @throws {OutOfMemoryError} If the device ran out of memory in one of them.
   * @throws {DeviceLostError} If the device was lost.
   * @throws {BackendError} If the device refused one of them.
   */
  override async read(dataId: object): Promise<BackendValues> {
    if (this.tensorMap.get(dataId)?.values) return super.read(dataId); // Not on the device.
    const reading = super.read(dataId); // Submits all earlier operations before it waits.
    const error = this.#takeError();
    await Promise.allSettled([reading, error]);
    if (this.#loss !== undefined) throw new DeviceLostError(this.adapter.name, this.#loss);
    const cause = await error;
    if (cause) throw this.#explain(cause);
    return reading;
  }

  override uploadToGPU(dataId: object): void {
    if (this.#hasFailedBuffers) this.#forgetFreeBuffers();
    try {
      super.uploadToGPU(dataId);
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause; // A buffer that is mapped at creation fails at once.
      void this.#takeError(); // Reported here, so the next read must not report it again.
      throw this.#explain(cause);
    }
  }

  override dispose(): void {
    super.dispose();
    this.device.destroy();
  }

  #watchErrors(): void {
    for (const kind of ERROR_KINDS) this.device.pushErrorScope(kind);
  }

  /** The error since the last call. A memory error comes first, because the others follow from it. */
  async #takeError(): Promise<GPUError | undefined> {
    const scopes = ERROR_KINDS.map(() => this.device.popErrorScope()); // The last kind first.
    this.#watchErrors();
    return (await Promise.all(scopes)).find((error) => error !== null && error !== undefined);
  }

  #explain(cause: Error | GPUError): Error {
    const reason = cause.message.split('\n', 1)[0]!;
    const isMemory =
      cause instanceof RangeError ||
      cause.constructor.name === 'GPUOutOfMemoryError' ||
      /exceeds the max buffer size|larger than the maximum storage buffer binding size/.test(reason);
    if (!isMemory) {
      const message = `WebGPU on "${this.adapter.name}" refused an operation: ${reason} Use another backend and report this.`;
      return new BackendError(message, 'webgpu', { cause });
    }
    this.#hasFailedBuffers = true;
    return new OutOfMemoryError(this.adapter.name, reason, { cause });
  }

  /** Drops all free buffers. TensorFlow.js would reuse those whose allocation failed as if they were valid. */
  #forgetFreeBuffers(): void {
    const manager = this.bufferManager as unknown as WebGpuBufferManager;
    for (const buffers of manager.freeBuffers.values()) {
      for (const buffer of buffers.splice(0)) {
        manager.numBytesAllocated -= buffer.size;
        buffer.destroy();
      }
    }
    manager.numFreeBuffers = 0;
    this.#hasFailedBuffers = false;
  }
}
