import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { nativeFolder, type NativeBackend } from './native-folder.js';

const planSchema = z.object({
  backend: z.enum(['tensorflow', 'tensorflow-gpu']),
  /** Release of TensorFlow that was asked for: `2.21.0`, or `2.18` for the last of a series. */
  requested: z.string(),
  /** Version of TensorFlow.js: of tfjs-node's sources and of the tfjs-core that they serve. */
  tfjs: z.string(),
  /** `linux x64`. */
  platform: z.string(),
});

const manifestSchema = planSchema.extend({
  /** Release of TensorFlow, as its library tells. */
  tensorflow: z.string(),
  /** SHA-256 of the addon, in hexadecimal digits. */
  addonSha256: z.string(),
  /** First line that the compiler says of itself. */
  compiler: z.string(),
});

/** What is to be set up. */
export type NativePlan = z.infer<typeof planSchema>;

/** What was set up, and has computed. */
export type NativeManifest = z.infer<typeof manifestSchema>;

/** @returns The plan of a set-up that was at least begun; undefined where the folder holds none. */
export function readPlan(backend: NativeBackend): NativePlan | undefined {
  return readRecord(nativeFolder(backend).plan, planSchema);
}

/** @returns What is set up for a backend; undefined where nothing is, or it is unfinished. */
export function readManifest(backend: NativeBackend): NativeManifest | undefined {
  return readRecord(nativeFolder(backend).manifest, manifestSchema);
}

/** A damaged record is as good as none: what it tells of is set up again. */
function readRecord<Record>(file: string, schema: z.ZodType<Record>): Record | undefined {
  if (!existsSync(file)) return undefined;
  try {
    return schema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}

/** @returns This platform, as a plan names it. */
export function currentPlatform(): string {
  return `${process.platform} ${process.arch}`;
}

/** @returns SHA-256 of a file in hexadecimal digits. */
export function hashFile(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}
