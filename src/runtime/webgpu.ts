import { existsSync, readdirSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import type { CheckedWebGpuBackend, GpuAdapter } from '../tfjs/webgpu-backend.js';

/** What TensorFlow.js's WebGPU backend takes from the global scope while it runs. */
const GPU_GLOBALS = ['GPUBuffer', 'GPUBufferUsage', 'GPUMapMode', 'GPUTexture', 'GPUTextureUsage'] as const;

/** Limits of which a device has the adapter's own: large tensors need them. Others stay at the least that all have. */
const RAISED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
] as const;

/** Drivers that compute on the processor, of which not all say so: Chromium's, Mesa's, Microsoft's. */
const SOFTWARE_DRIVERS = /swiftshader|llvmpipe|lavapipe|basic render driver/i;

/** Devices stop, and crash the process, once the object that they come from is collected as garbage. */
let held: GPU | undefined;

/**
 * Gives TensorFlow.js its backend `webgpu`, on the best adapter that this machine has: Vulkan on Linux, Metal on macOS,
 * Direct3D 12 on Windows, by the npm package `webgpu`. One whose device was lost is made anew; its tensors are gone.
 *
 * @param allowSoftware - Whether an adapter that computes on the processor will do.
 * @throws If there is no adapter, or none that will do.
 */
export async function registerWebGpu({ allowSoftware }: { allowSoftware: boolean }): Promise<void> {
  if (tf.findBackendFactory('webgpu')) {
    if (!(tf.findBackend('webgpu') as Partial<CheckedWebGpuBackend>).isLost) return;
    tf.removeBackend('webgpu');
  }
  if (!allowSoftware && !mayHaveGpu()) throw new Error('this machine shows no graphics processor');
  const { create, globals } = await import('webgpu');
  const gpu = (held ??= create([]));
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('there is no graphics processor with a driver that WebGPU can use');
  const info = (adapter as GPUAdapter & { info: AdapterInfo }).info;
  const description = describeAdapter(info);
  if (!allowSoftware && description.isSoftware) {
    throw new Error(`there is only a program on the processor, "${description.name}", used when asked for`);
  }
  const requiredLimits = Object.fromEntries(RAISED_LIMITS.map((name) => [name, adapter.limits[name]]));
  const device = await adapter.requestDevice({ requiredLimits });
  for (const name of GPU_GLOBALS) {
    (globalThis as Record<string, unknown>)[name] ??= (globals as Record<string, unknown>)[name];
  }
  const { CheckedWebGpuBackend } = await import('../tfjs/webgpu-backend.js');
  const backend = withNavigator({ gpu }, () => new CheckedWebGpuBackend(device, info, description));
  tf.registerBackend('webgpu', () => backend);
}

/** What a driver says of its adapter; the package's types are older than it. */
type AdapterInfo = GPUAdapterInfo & { isFallbackAdapter?: boolean };

function describeAdapter(info: AdapterInfo): GpuAdapter {
  const { vendor, device, description, isFallbackAdapter = false } = info;
  const name = [device || vendor, description && `(${description})`].filter(Boolean).join(' ');
  return { name, isSoftware: isFallbackAdapter || SOFTWARE_DRIVERS.test(name) };
}

/** Looked at first, as Vulkan complains on stderr where there is none. A container may show nothing of it. */
function mayHaveGpu(): boolean {
  if (process.platform !== 'linux') return true;
  if (['/dev/nvidiactl', '/dev/dxg', '/dev/mali0'].some((file) => existsSync(file))) return true;
  return existsSync('/dev/dri') && readdirSync('/dev/dri').some((name) => name.startsWith('renderD'));
}

/**
 * TensorFlow.js asks once, in the backend's constructor, whether `navigator.gpu` is there. No other code gets to see it:
 * programs tell by a navigator that they are in a browser.
 */
function withNavigator<T>(value: { gpu: GPU }, create: () => T): T {
  const before = Object.getOwnPropertyDescriptor(globalThis, 'navigator');
  Object.defineProperty(globalThis, 'navigator', { value, configurable: true });
  try {
    return create();
  } finally {
    if (before) Object.defineProperty(globalThis, 'navigator', before);
    else Reflect.deleteProperty(globalThis, 'navigator');
  }
}
