/**
 * Imports point down this list, never up and never in a circle. The middle row's stages may use one another, except
 * that video, recurrent and timeline know none of the others. Type-only imports count too.
 */
const LAYERS = [
  ['index.ts', 'stages.ts'],
  ['cli'],
  ['batch', 'training'],
  ['recognizer.ts', 'view'],
  ['live'],
  ['video', 'encoder', 'labeler', 'timeline', 'annotations'],
  ['recurrent'],
  ['runtime', 'ffmpeg'],
  ['native'],
  ['tfjs'],
  ['tensors'],
  [
    'addresses.ts',
    'format-count.ts',
    'errors.ts',
    'progress.ts',
    'version.ts',
    'cache-folder.ts',
    'video-info.ts',
  ],
];

const place = (name) => (name.endsWith('.ts') ? `^src/${name.replace('.', '\\.')}$` : `^src/${name}/`);
const below = (depth) => LAYERS.slice(0, depth).flat().map(place);

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'src-stands-alone',
      severity: 'error',
      from: { path: '^src/' },
      to: { path: '^(scripts|examples|test)/' },
    },
    {
      name: 'recurrent-runs-in-browsers',
      comment: 'framewise/recurrent needs TensorFlow.js and nothing else: no Node, no native code.',
      severity: 'error',
      from: { path: '^src/(recurrent/|tfjs/|(errors|addresses)\\.ts$)' },
      to: {
        pathNot:
          '^(src/(recurrent/|tfjs/|(errors|addresses)\\.ts$)|node_modules/@tensorflow/tfjs-(core|layers|backend-webgpu)/)',
      },
    },
    ...LAYERS.flatMap((names, depth) =>
      depth === 0
        ? []
        : names.map((name) => ({
            name: `${name}-imports-down`,
            severity: 'error',
            from: { path: place(name) },
            to: { path: below(depth) },
          })),
    ),
    { name: 'siblings', severity: 'error', from: { path: '^src/batch/' }, to: { path: '^src/training/' } },
    { name: 'siblings', severity: 'error', from: { path: '^src/training/' }, to: { path: '^src/batch/' } },
    ...['video', 'recurrent', 'timeline'].map((name) => ({
      name: `${name}-knows-no-other-stage`,
      severity: 'error',
      from: { path: place(name) },
      to: {
        path: LAYERS.find((names) => names.includes('video'))
          .concat('recurrent')
          .filter((other) => other !== name)
          .map(place),
      },
    })),
  ],
  options: {
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist' },
  },
};
