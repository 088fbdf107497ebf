import { describe, expect, it } from 'vitest';
import { importOnnxRuntime, OnnxEncoder } from '../../scripts/bench/onnx/onnx-encoder.js';
import { convertGraph } from '../../scripts/bench/onnx/convert-graph.js';
import { createFrameEncoder } from '../../src/encoder/create-frame-encoder.js';
import { locateMoveNet } from '../../src/encoder/builtin/movenet.js';
import { startBackend } from '../../src/runtime/backend.js';

const isInstalled = await importOnnxRuntime().then(
  () => true,
  () => false,
);

describe('an encoder network converted to ONNX', () => {
  it.skipIf(!isInstalled && !process.env['CI']).each(['movenet-lightning', 'movenet-middle'] as const)(
    'gives in ONNX Runtime the features of %s that wasm gives, to 1e-4',
    async (name) => {
      const ours = await createFrameEncoder({ kind: 'builtin', name }, { backend: 'wasm', workers: 0 });
      const theirs = await OnnxEncoder.load(name);
      const pictures = Uint8Array.from(
        { length: 3 * ours.inputHeight * ours.inputWidth * 3 },
        (_, place) => 128 + 127 * Math.sin(place / 57 + (place % 3)),
      );
      const expected = await ours.encode(pictures, 3);
      const actual = await theirs.encode(pictures, 3);
      expect(actual).toHaveLength(3 * ours.featureSize);
      const differences = actual.map((value, place) => Math.abs(value - expected[place]!));
      expect(Math.max(...differences)).toBeLessThan(1e-4);
      expect(Math.max(...expected)).toBeGreaterThan(0.1);
      ours.dispose();
      await theirs.dispose();
    },
  );

  it('is refused if it has another kind of operation', async () => {
    await startBackend('wasm');
    await expect(convertGraph(locateMoveNet('movenet-pose'))).rejects.toThrow(
      /The node "StatefulPartitionedCall\/Sigmoid" is a Sigmoid, which is not converted/,
    );
  });
});
