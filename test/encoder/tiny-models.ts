import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import * as tf from '@tensorflow/tfjs-core';
import { layers, sequential } from '@tensorflow/tfjs-layers';
import type { ModelOnDiskSpec } from '../../src/encoder/encoder-spec.js';

/** Two features of a color, `rgb · MIXING`; over a picture's places their mean is that of the mean color. */
const MIXING = [
  [1, 10],
  [2, 20],
  [3, -5],
];

/** How both models are fed: pictures 6 wide and 4 high, bytes as they are. */
const TINY = { inputWidth: 6, inputHeight: 4, pixelRange: [0, 255] as [number, number] };

/** The pictures' features in closed form. @param pixels - `[numFrames, 4, 6, 3]`. */
export function expectedFeatures(
  pixels: Uint8Array,
  numFrames: number,
  scale = (byte: number) => byte,
): number[] {
  const perFrame = pixels.length / numFrames;
  return Array.from({ length: numFrames }, (_, frame) => {
    const color = [0, 0, 0];
    for (let byte = 0; byte < perFrame; byte++) {
      color[byte % 3]! += scale(pixels[frame * perFrame + byte]!) / (perFrame / 3);
    }
    return [0, 1].map((feature) =>
      color.reduce((sum, value, rgb) => sum + value * MIXING[rgb]![feature]!, 0),
    );
  }).flat();
}

/** Writes a graph model, as a GraphDef by hand: input → mix (1×1 convolution) → pooled (mean over space). */
export async function writeGraphModel(folder: string): Promise<ModelOnDiskSpec & { kind: 'graph' }> {
  const float = { type: 'DT_FLOAT' };
  const sizes = (...values: number[]) => ({ shape: { dim: values.map((size) => ({ size: String(size) })) } });
  const constant = (name: string, dtype: string, ...shape: number[]) => ({
    name,
    op: 'Const',
    attr: { dtype: { type: dtype }, value: { tensor: { dtype, tensorShape: sizes(...shape).shape } } },
  });
  const node = [
    { name: 'input', op: 'Placeholder', attr: { dtype: float, shape: sizes(-1, 4, 6, 3) } },
    constant('mixing', 'DT_FLOAT', 1, 1, 3, 2),
    constant('axes', 'DT_INT32', 2),
    {
      name: 'mix',
      op: 'Conv2D',
      input: ['input', 'mixing'],
      attr: {
        T: float,
        strides: { list: { i: ['1', '1', '1', '1'] } },
        dilations: { list: { i: ['1', '1', '1', '1'] } },
        padding: { s: Buffer.from('VALID').toString('base64') },
        data_format: { s: Buffer.from('NHWC').toString('base64') },
      },
    },
    { name: 'pooled', op: 'Mean', input: ['mix', 'axes'], attr: { T: float, keep_dims: { b: false } } },
  ];
  const weights = [
    { name: 'mixing', shape: [1, 1, 3, 2], dtype: 'float32' },
    { name: 'axes', shape: [2], dtype: 'int32' },
  ];
  const file = path.join(folder, 'model.json');
  const modelTopology = { node, versions: { producer: 1 } };
  const weightsManifest = [{ paths: ['first.bin', 'second.bin'], weights }];
  await writeFile(file, JSON.stringify({ format: 'graph-model', modelTopology, weightsManifest }));
  await writeFile(path.join(folder, 'first.bin'), Buffer.from(Float32Array.from(MIXING.flat()).buffer));
  await writeFile(path.join(folder, 'second.bin'), Buffer.from(Int32Array.of(1, 2).buffer));
  return { kind: 'graph', path: file, ...TINY, outputNode: 'pooled' };
}

/** Writes a layers model with layers `mix` and `pooled`. */
export async function writeLayersModel(folder: string): Promise<ModelOnDiskSpec & { kind: 'layers' }> {
  const model = sequential({
    layers: [
      layers.conv2d({ inputShape: [4, 6, 3], filters: 2, kernelSize: 1, useBias: false, name: 'mix' }),
      layers.globalAveragePooling2d({ name: 'pooled' }),
    ],
  });
  const kernel = tf.tensor4d(MIXING.flat(), [1, 1, 3, 2]);
  model.layers[0]!.setWeights([kernel]);
  kernel.dispose();
  const file = path.join(folder, 'model.json');
  await model.save({
    save: async ({ modelTopology, weightSpecs, weightData }) => {
      const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
      await writeFile(file, JSON.stringify({ format: 'layers-model', modelTopology, weightsManifest }));
      await writeFile(path.join(folder, 'weights.bin'), Buffer.from(weightData as ArrayBuffer));
      return { modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: 'JSON' } };
    },
  });
  model.dispose();
  return { kind: 'layers', path: file, ...TINY };
}
