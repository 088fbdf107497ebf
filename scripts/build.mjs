/**
 * Compiles `src` to `dist`, copies the assets that the package ships, and makes the entry of the command line executable,
 * which tsc does not.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { build } from 'esbuild';
import { globSync } from 'tinyglobby';

/** Files of development dependencies that the package needs, with their licenses. See `src/runtime/locate-asset.ts`. */
const ASSETS = {
  '@vladmandic/human': [
    'LICENSE',
    ...['movenet-lightning', 'handtrack', 'handlandmark-lite'].flatMap((name) => [
      `models/${name}.json`,
      `models/${name}.bin`,
    ]),
  ],
  '@expo-google-fonts/open-sans': ['LICENSE_FONT', '600SemiBold/OpenSans_600SemiBold.ttf'],
};

const tsc = createRequire(import.meta.url).resolve('typescript/bin/tsc');
rmSync('dist', { recursive: true, force: true });
execFileSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], { stdio: 'inherit' });
chmodSync('dist/cli/main.js', 0o755);
for (const [packageName, files] of Object.entries(ASSETS)) {
  const folder = path.join('dist/assets', path.basename(packageName));
  mkdirSync(folder, { recursive: true });
  for (const file of files) {
    copyFileSync(path.join('node_modules', packageName, file), path.join(folder, path.basename(file)));
  }
}

// The converter of TensorFlow.js has 25 MB, mostly other builds and source maps. The package needs 0.3 MB of it.
const CONVERTER = '@tensorflow/tfjs-converter';
const bundled = 'dist/assets/tfjs-converter/index.js';
await build({
  entryPoints: [path.join('node_modules', CONVERTER, 'dist/index.js')],
  outfile: bundled,
  bundle: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  legalComments: 'inline',
  plugins: [
    {
      name: 'one-core',
      setup({ onResolve, onLoad }) {
        // The bundle keeps using the program's tfjs-core, whose entry has all operations and this function as a part of `io`.
        onResolve({ filter: /^@tensorflow\/tfjs-core(?:$|\/)/ }, ({ path: name }) =>
          name.endsWith('/io_utils')
            ? { path: name, namespace: 'io' }
            : { path: '@tensorflow/tfjs-core', external: true },
        );
        onLoad({ filter: /.*/, namespace: 'io' }, () => ({
          contents: "import { io } from '@tensorflow/tfjs-core'; export const { decodeWeightsStream } = io;",
        }));
      },
    },
  ],
});
for (const file of globSync('dist/**/*.js')) {
  const code = readFileSync(file, 'utf8');
  if (file.startsWith('dist/assets') || !code.includes(`'${CONVERTER}'`)) continue;
  const relative = path.relative(path.dirname(file), bundled).split(path.sep).join('/');
  writeFileSync(file, code.replaceAll(`'${CONVERTER}'`, `'${relative}'`));
}
