import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { nativeCacheFolder } from '../cache-folder.js';

/** Backends that need a native library. */
export type NativeBackend = 'tensorflow' | 'tensorflow-gpu';

/** Paths of the parts of one setup. */
export interface NativeFolder {
  /** Folder that contains everything. Removing it undoes the setup. */
  root: string;
  /** Folder into which pip installs: `tensorflow/` with headers and libraries, and `nvidia/` for CUDA. */
  tensorflow: string;
  /** Folder for npm packages: the sources of tfjs-node, protobuf and the headers of Node. */
  packages: string;
  /** The compiled addon. */
  addon: string;
  /** Record of what is being set up. It exists from the first step on, and marks the folder as ours. */
  plan: string;
  /** Record of what was set up. It exists once the backend has passed its test. */
  manifest: string;
}

/**
 * Paths of a backend's native library: in `FRAMEWISE_NATIVE`, or else in `framewise/native` in the user's cache folder.
 * Each backend has its own folder, so both can be set up.
 */
export function nativeFolder(backend: NativeBackend): NativeFolder {
  const root = path.resolve(nativeCacheFolder(), backend);
  return {
    root,
    tensorflow: path.join(root, 'tensorflow'),
    packages: path.join(root, 'packages'),
    addon: path.join(root, 'addon', 'tfjs_binding.node'),
    plan: path.join(root, 'plan.json'),
    manifest: path.join(root, 'manifest.json'),
  };
}

const planSchema = z.object({
  backend: z.enum(['tensorflow', 'tensorflow-gpu']),
  /** Requested TensorFlow release: `2.21.0`, or `2.18` for the newest release of a series. */
  requested: z.string(),
  /** Version of TensorFlow.js, the same for the sources of tfjs-node and for tfjs-core. */
  tfjs: z.string(),
  /** `linux x64`. */
  platform: z.string(),
});

const manifestSchema = planSchema.extend({
  /** TensorFlow version that the library reports. */
  tensorflow: z.string(),
  /** SHA-256 of the addon, hexadecimal. */
  addonSha256: z.string(),
  /** First line that the compiler prints for `--version`. */
  compiler: z.string(),
});

/** Record of what is being set up. */
export type NativePlan = z.infer<typeof planSchema>;

/** Record of what was set up and tested. */
export type NativeManifest = z.infer<typeof manifestSchema>;

/** Reads the plan of a setup that was at least started. @returns Undefined if there is none. */
export function readPlan(backend: NativeBackend): NativePlan | undefined {
  return readRecord(nativeFolder(backend).plan, planSchema);
}

/** Reads the record of a finished setup. @returns Undefined if nothing is set up, or the setup is unfinished. */
export function readManifest(backend: NativeBackend): NativeManifest | undefined {
  return readRecord(nativeFolder(backend).manifest, manifestSchema);
}

/** Reads a record. A damaged one counts as missing, so its backend is set up again. */
function readRecord<Record>(file: string, schema: z.ZodType<Record>): Record | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}

/** Names this platform as a plan does: `linux x64`. */
export function currentPlatform(): string {
  return `${process.platform} ${process.arch}`;
}

/** SHA-256 of a file, hexadecimal. */
export function hashFile(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
