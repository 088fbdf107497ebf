import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs-core';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { DeviceLostError, OutOfMemoryError } from '../../src/errors.js';
import { startBackend, backendDevice, backendDeviceName } from '../../src/runtime/backend.js';
import { describeBackends } from '../../src/runtime/backend-report.js';
import type { CheckedWebGpuBackend } from '../../src/tfjs/webgpu-backend.js';
import { registerWebGpu } from '../../src/runtime/webgpu.js';
import { useSoftwareGpu } from '../software-gpu.js';

const skipReason = useSoftwareGpu();

const running = () => tf.backend() as CheckedWebGpuBackend;
const sumOf = async (tensor: tf.Tensor) => {
  const values = await tensor.data<'float32'>();
  return values.reduce((sum, value) => sum + value, 0);
};

describe.skipIf(skipReason)(`the backend webgpu${skipReason}`, () => {
  // The first test of this file must find no backend of that name.
  it('is not chosen automatically if it computes on the processor', async () => {
    await expect(registerWebGpu({ allowSoftware: false })).rejects.toThrow(
      /only adapter computes on the processor|has no GPU/,
    );
    expect(tf.findBackendFactory('webgpu')).toBeNull();
  });

  describe('once asked for', () => {
    const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');

    beforeAll(async () => {
      await expect(startBackend('webgpu')).resolves.toBe('webgpu');
    });

    it('reports its device', () => {
      expect(backendDevice()).toBe('cpu');
      expect(backendDeviceName()).toMatch(/swiftshader/i);
    });

    it('restores the global navigator', () => {
      expect(Object.getOwnPropertyDescriptor(globalThis, 'navigator')).toEqual(before);
    });

    it('multiplies matrices and leaks no tensor', async () => {
      const { numTensors } = tf.memory();
      const ofRows = tf.tensor2d([1, 2, 3, 4, 5, 6], [2, 3]);
      const product = tf.matMul(ofRows, ofRows, false, true);
      expect([...(await product.data())]).toEqual([14, 32, 32, 77]);
      tf.dispose([ofRows, product]);
      expect(tf.memory().numTensors).toBe(numTensors);
    });
  });

  describe('when memory is short', () => {
    beforeAll(() => startBackend('webgpu'));

    afterEach(() => {
      Reflect.deleteProperty(running().device, 'createBuffer');
    });

    /** From now on the device has no buffers larger than this. */
    function limitBuffers(numBytes: number): void {
      const { device } = running();
      const createBuffer = device.createBuffer.bind(device);
      device.createBuffer = (descriptor) => {
        const { size } = descriptor;
        if (size <= numBytes) return createBuffer(descriptor);
        const missing = createBuffer({ ...descriptor, size: 2 ** 40 });
        return Object.defineProperty(missing, 'size', { value: size });
      };
    }

    /** The sum of 1500 sixes, which could be read though they were never computed: they have memory of their own. */
    const sumOfSome = (size: number) => {
      const some = tf.tidy(() => tf.slice(tf.mul(tf.fill([size], 2), tf.scalar(3)), [0], [1500]));
      return sumOf(some).finally(() => some.dispose());
    };

    it('fails instead of reading zeros, and computes again when memory is free', async () => {
      limitBuffers(10_000);
      await expect(sumOfSome(5000)).rejects.toBeInstanceOf(OutOfMemoryError);
      await expect(sumOfSome(1501)).resolves.toBe(9000);
      Reflect.deleteProperty(running().device, 'createBuffer');
      await expect(sumOfSome(5000)).resolves.toBe(9000);
    });

    it('fails at once if values cannot be uploaded, without affecting later work', async () => {
      limitBuffers(10_000);
      const values = tf.range(0, 5000);
      expect(() => tf.mul(values, values)).toThrow(OutOfMemoryError);
      await expect(sumOfSome(1501)).resolves.toBe(9000);
    });

    it('names the device, the reason and the remedy', async () => {
      limitBuffers(10_000);
      await expect(sumOfSome(6000)).rejects.toThrow(
        /^Out of memory on ".+": Buffer size .+ exceeds .+ smaller batches.+another backend\.$/,
      );
    });
  });

  describe('whose device is lost', () => {
    it('rejects waiting and later work, names the remedy, and starts again on another device', async () => {
      await startBackend('webgpu');
      const matrix = tf.ones([40, 40]);
      const pending = tf.matMul(matrix, matrix).data();
      running().device.destroy();
      await expect(pending).rejects.toBeInstanceOf(DeviceLostError);
      await expect(tf.matMul(matrix, matrix).data()).rejects.toThrow(
        /^The device ".+" was lost: .+ Start again; .+ another backend\.$/,
      );
      await startBackend('webgpu');
      expect(await sumOf(tf.matMul(tf.ones([40, 40]), tf.ones([40, 40])))).toBe(40 ** 3);
    });
  });

  it.each(['in its main thread', 'in a worker thread'])('lets a program end after it ran %s', (place) => {
    const program = fileURLToPath(new URL('webgpu-program.ts', import.meta.url));
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['--expose-gc', '--import', 'tsx', program, place],
      { encoding: 'utf8', timeout: 100_000 },
    );
    expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: '', stdout: '64000\n' });
  });
});

describe.skipIf(skipReason)('the report on webgpu', () => {
  it('says why it is not available and what it needs if no driver is found', async () => {
    const driver = process.env['VK_ICD_FILENAMES'];
    process.env['VK_ICD_FILENAMES'] = '/nowhere/driver.json';
    try {
      const report = (await describeBackends()).find(({ name }) => name === 'webgpu');
      expect(report).toMatchObject({
        isAvailable: false,
        reason: expect.stringContaining('driver') as string,
      });
      expect(report!.remedy).toMatch(/mesa-vulkan-drivers.+NVIDIA.+npm install/);
    } finally {
      process.env['VK_ICD_FILENAMES'] = driver;
    }
  });
});
