import type { EncoderModel } from './encoder-model.js';
import type { EncoderSpec, SingleEncoderSpec } from '../encoder-spec.js';
import { HandPoseEncoder } from '../builtin/hand-pose-encoder.js';
import { JoinedEncoder } from '../builtin/joined-encoder.js';
import { locateMoveNet } from '../builtin/movenet.js';
import { loadNetworkEncoder } from './network-encoder.js';

/**
 * Loads what a spec names onto the running backend.
 *
 * @throws {EncoderError} If a file is missing or damaged, a node is absent, or input or output have other shapes.
 */
export function loadEncoderModel(spec: EncoderSpec): Promise<EncoderModel> {
  return spec.kind === 'joined' ? loadJoined(spec.encoders) : loadSingle(spec);
}

async function loadJoined(specs: SingleEncoderSpec[]): Promise<EncoderModel> {
  const parts: EncoderModel[] = [];
  try {
    for (const spec of specs) parts.push(await loadSingle(spec));
  } catch (error) {
    for (const part of parts) part.dispose();
    throw error;
  }
  return new JoinedEncoder(parts);
}

function loadSingle(spec: SingleEncoderSpec): Promise<EncoderModel> {
  if (spec.kind !== 'builtin') return loadNetworkEncoder(spec);
  if (spec.name === 'hand-pose') return HandPoseEncoder.load();
  return loadNetworkEncoder(locateMoveNet(spec.name), spec.name);
}
