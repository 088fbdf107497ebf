import path from 'node:path';
import { saveModel, type TrainedModel } from '../labeler/model/model-folder.js';
import { calibrateLabeler, type Calibration } from './evaluation/calibrate-labeler.js';
import type { LabeledSequence } from './data/sequences.js';
import type { TrainedLabeler } from './loop/train-labeler.js';

/** Folder, in the model's own, of the model after the last epoch, where that was not the best. */
const LAST_DIR = 'last';

/** What a model's description says of it, beside what training found. */
interface ModelFacts extends Omit<TrainedModel, 'labeler' | 'segmentPrior' | 'training'> {
  /** How the model came about, for people. */
  facts: Record<string, unknown>;
  /** What logits are divided by where no validation videos say it. Default 1. */
  temperature?: number;
}

/**
 * Calibrates and saves the best model, and in `last` the last one where that is another.
 *
 * @param trained - Its labeler has the best weights, here and afterwards.
 * @returns How the best was calibrated, and its scores on the validation videos as it was saved.
 * @throws {OutputError} If a model cannot be written.
 */
export async function saveTrained(
  folder: string,
  { labeler, lastWeights, bestEpoch, history }: TrainedLabeler,
  data: { training: readonly LabeledSequence[]; validation: readonly LabeledSequence[] },
  { facts, temperature = 1, ...about }: ModelFacts,
): Promise<Calibration> {
  const save = async (place: string, epoch: number): Promise<Calibration> => {
    labeler.temperature = data.validation.length > 0 ? 1 : temperature;
    const options = { labels: about.labels, background: about.background ?? undefined };
    const calibration = await calibrateLabeler(labeler, data.training, data.validation, options);
    const { segmentPrior, scores } = calibration;
    const training = { ...facts, epoch, ...(scores && { validation: scores }) };
    await saveModel(place, { ...about, labeler, segmentPrior, training });
    return calibration;
  };
  if (bestEpoch < history.length) {
    const bestWeights = await labeler.exportWeights();
    labeler.importWeights(lastWeights);
    await save(path.join(folder, LAST_DIR), history.length);
    labeler.importWeights(bestWeights);
  }
  return save(folder, bestEpoch);
}
