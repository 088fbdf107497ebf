import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { backendVersion } from '../src/runtime/backend.js';
import { findChromium } from './find-chromium.js';

/**
 * Has WebGPU compute by SwiftShader, the Vulkan driver in software that comes with Chromium, or by the driver whose JSON
 * file `FRAMEWISE_TEST_WEBGPU_ICD` names. Everything is slow there, and large matrices take seconds to compile for:
 * tests keep to small ones. Call it before the first use of WebGPU.
 *
 * @returns For the names of tests: empty, or why they are skipped.
 * @throws If there is none where continuous integration should have installed one.
 */
export function useSoftwareGpu(): string {
  if (backendVersion('webgpu') === undefined) return ' (skipped: the package webgpu is not installed)';
  const driver = process.env['FRAMEWISE_TEST_WEBGPU_ICD'] || findSwiftShader();
  if (driver) {
    process.env['VK_ICD_FILENAMES'] = driver;
    return '';
  }
  if (process.env['CI']) throw new Error('No vk_swiftshader_icd.json beside chromium. Install Chromium.');
  return ' (skipped: no SwiftShader; install Chromium or set FRAMEWISE_TEST_WEBGPU_ICD)';
}

function findSwiftShader(): string | undefined {
  const chromium = findChromium();
  if (!chromium) return undefined;
  const folders = [path.dirname(realpathSync(chromium)), '/usr/lib/chromium', '/usr/lib/chromium-browser'];
  return folders.map((folder) => path.join(folder, 'vk_swiftshader_icd.json')).find(existsSync);
}
