import { existsSync, readdirSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import type { GpuAdapter } from '../tfjs/backend-internals.js';
import type { CheckedWebGpuBackend } from '../tfjs/webgpu-backend.js';

/** Globals that the WebGPU backend of TensorFlow.js reads while it runs. */
const GPU_GLOBALS = ['GPUBuffer', 'GPUBufferUsage', 'GPUMapMode', 'GPUTexture', 'GPUTextureUsage'] as const;

/** Limits that are raised to the adapter's maximum for large tensors. The others keep WebGPU's defaults. */
const RAISED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxComputeWorkgroupSizeX',
  'maxComputeInvocationsPerWorkgroup',
] as const;

/** Drivers that compute on the processor. Not all of them report it: those of Chromium, Mesa and Microsoft. */
const SOFTWARE_DRIVERS = /swiftshader|llvmpipe|lavapipe|basic render driver/i;

/** Kept alive, because devices stop and crash the process once this object is garbage collected. */
let held: GPU | undefined;

/**
 * Registers the TensorFlow.js backend `webgpu` on the best adapter of this machine, using the npm package `webgpu`: Vulkan on
 * Linux, Metal on macOS, Direct3D 12 on Windows. A backend whose device was lost is replaced. Its tensors are gone.
 *
 * @param allowSoftware - Whether to accept an adapter that computes on the processor.
 * @throws {Error} If there is no suitable adapter.
 */
export async function registerWebGpu({ allowSoftware }: { allowSoftware: boolean }): Promise<void> {
  if (tf.findBackendFactory('webgpu')) {
    if (!(tf.findBackend('webgpu') as Partial<CheckedWebGpuBackend>).isLost) return;
    tf.removeBackend('webgpu');
  }
  if (!allowSoftware && !mayHaveGpu()) throw new Error('this machine has no GPU');
  const { create, globals } = await import('webgpu');
  const gpu = (held ??= create([]));
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('there is no GPU with a driver that WebGPU can use');
  const info = (adapter as GPUAdapter & { info: AdapterInfo }).info;
  const description = describeAdapter(info);
  if (!allowSoftware && description.isSoftware) {
    throw new Error(
      `the only adapter computes on the processor ("${description.name}") and is used only on request`,
    );
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

/** What a driver reports about its adapter. The package's types lack the last field. */
type AdapterInfo = GPUAdapterInfo & { isFallbackAdapter?: boolean };

function describeAdapter(info: AdapterInfo): GpuAdapter {
  const { vendor, device, description, isFallbackAdapter = false } = info;
  const name = [device || vendor, description && `(${description})`].filter(Boolean).join(' ');
  return { name, isSoftware: isFallbackAdapter || SOFTWARE_DRIVERS.test(name) };
}

/** Checked first, because Vulkan writes errors to stderr if there is no GPU. */
function mayHaveGpu(): boolean {
  if (process.platform !== 'linux') return true;
  if (['/dev/nvidiactl', '/dev/dxg', '/dev/mali0'].some((file) => existsSync(file))) return true;
  return existsSync('/dev/dri') && readdirSync('/dev/dri').some((name) => name.startsWith('renderD'));
}

/**
 * Defines `navigator` during one call. TensorFlow.js looks for `navigator.gpu` once, in the constructor of the backend. Other
 * code must not see it, because programs conclude from a navigator that they run in a browser.
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
