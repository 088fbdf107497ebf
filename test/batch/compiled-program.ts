import { cp, symlink } from 'node:fs/promises';
import path from 'node:path';
import { build } from 'esbuild';

const ROOT = path.join(import.meta.dirname, '../..');

/** What is native, or finds files beside itself. */
const NOT_BUNDLED = [
  'sharp',
  'fluent-ffmpeg',
  '@tensorflow/tfjs-node*',
  '@ffmpeg-installer/*',
  '@ffprobe-installer/*',
];

/**
 * Compiles the sources as they are now, for tests that start the program many times: from TypeScript each start takes
 * seconds, and to find and read a thousand modules is most of what a start takes from JavaScript, so they are joined. Runs
 * without worker threads only, whose program is not part of it.
 *
 * @param folder - An empty folder for it.
 * @returns The command line's entry.
 */
export async function compileProgram(folder: string): Promise<string> {
  const outdir = path.join(folder, 'dist'); // chunks find ../package.json from here
  await build({
    entryPoints: [path.join(ROOT, 'src/cli/main.ts')],
    outdir,
    bundle: true,
    splitting: true, // what is loaded when it is needed stays so
    minify: true,
    external: NOT_BUNDLED,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    // CommonJS modules among the joined ones want it; the name is longer than any that minifying gives.
    banner: {
      js: "import { createRequire as createRequireHere } from 'node:module'; const require = createRequireHere(import.meta.url);",
    },
  });
  await cp(path.join(ROOT, 'package.json'), path.join(folder, 'package.json'));
  await symlink(path.join(ROOT, 'node_modules'), path.join(folder, 'node_modules'), 'junction');
  return path.join(outdir, 'main.js');
}
