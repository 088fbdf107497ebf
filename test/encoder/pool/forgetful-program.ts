/** Encodes on the pool and never disposes it; the test expects the process to end by itself. */
import { createFrameEncoder } from '../../../src/encoder/create-frame-encoder.js';

const encoder = await createFrameEncoder(undefined, { workers: 2, backend: 'wasm' });
const picture = new Uint8Array(encoder.inputHeight * encoder.inputWidth * 3);
const features = await Promise.all([encoder.encode(picture, 1), encoder.encode(picture, 1)]);
process.stdout.write(features.map(({ length }) => length).join());
