import { createFrameEncoder } from '../../src/encoder/create-frame-encoder.js';
import { DEFAULT_ENCODER } from '../../src/encoder/encoder-spec.js';
import type { BackendName } from '../../src/runtime/backend.js';
import type { Numbers } from './numbers.js';

/** Features of two pictures in one batch, as the product encodes them on this backend. */
export async function encodePictures(backend: BackendName): Promise<Numbers> {
  const encoder = await createFrameEncoder(DEFAULT_ENCODER, { backend });
  const { inputWidth: width, inputHeight: height } = encoder;
  const pictures = new Uint8Array(2 * height * width * 3);
  for (let place = 0; place < pictures.length; place++) {
    const [channel, column, row] = [place % 3, Math.floor(place / 3) % width, Math.floor(place / 3 / width)];
    pictures[place] = 128 + 127 * Math.sin((column * (channel + 1)) / 19 + row / 23);
  }
  try {
    return { 'a batch of two': await encoder.encode(pictures, 2) };
  } finally {
    encoder.dispose();
  }
}
