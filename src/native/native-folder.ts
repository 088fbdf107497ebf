import path from 'node:path';
import { nativeCacheFolder } from '../cache-folder.js';

/** Backends that need a native library. */
export type NativeBackend = 'tensorflow' | 'tensorflow-gpu';

/** Where the parts of one set-up lie. */
export interface NativeFolder {
  /** Holds everything; removing it undoes the set-up. */
  root: string;
  /** What pip installs: `tensorflow/` with headers and libraries, beside it `nvidia/`. */
  tensorflow: string;
  /** What npm brings: the sources of tfjs-node, protobuf, the headers of Node. */
  packages: string;
  /** The compiled addon. */
  addon: string;
  /** Says what is being set up; there from the first step on, and marks the folder as ours. */
  plan: string;
  /** Says what was set up; there once it has computed. */
  manifest: string;
}

/**
 * Where a backend's native library is set up: in `FRAMEWISE_NATIVE`, or else in `framewise/native` of the user's cache.
 * Each backend has a folder of its own, so that both can be there.
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
