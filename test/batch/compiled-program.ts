import { cp, symlink } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';

const ROOT = path.join(import.meta.dirname, '../..');

/** Packages that have native code or find files relative to their own. */
const NOT_BUNDLED = [
  'sharp',
  'fluent-ffmpeg',
  '@tensorflow/tfjs-node*',
  '@ffmpeg-installer/*',
  '@ffprobe-installer/*',
];

/**
 * Compiles the current sources into a bundle, for tests that start the program many times. Starting from TypeScript takes
 * seconds, and starting from separate modules is slow too, because there are a thousand of them. The bundle does not
 * contain the program of worker threads, so it can run only with `--workers 0`.
 *
 * @param folder - An empty folder for the bundle.
 * @returns The path of the program's entry file.
 */
export async function compileProgram(folder: string): Promise<string> {
  const outdir = path.join(folder, 'dist'); // chunks find ../package.json from here
  await build({
    entryPoints: [path.join(ROOT, 'src/cli/main.ts')],
    outdir,
    bundle: true,
    splitting: true, // keeps dynamic imports dynamic
    minify: true,
    external: NOT_BUNDLED,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // Bundled CommonJS modules need `require`. The long name cannot collide with a minified one.
    banner: {
      js: "import { createRequire as createRequireHere } from 'node:module'; const require = createRequireHere(import.meta.url);",
    },
  });
  await cp(path.join(ROOT, 'package.json'), path.join(folder, 'package.json'));
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'), 'junction');
  return path.join(outdir, 'main.js');
}
