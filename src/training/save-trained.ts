import path from 'node:path';
import { saveModel, type TrainedModel } from '../labeler/model/model-folder.js';
import { calibrateLabeler, type Calibration } from './evaluation/calibrate-labeler.js';
import type { LabeledSequence } from './data/sequences.js';
import type { TrainedLabeler } from './loop/train-labeler.js';

/** Folder inside the model's folder for the model of the last epoch, if that is not the best. */
const LAST_DIR = 'last';

/** The parts of a model's description that do not come from training. */
interface ModelFacts extends Omit<TrainedModel, 'labeler' | 'segmentPrior' | 'training'> {
  /** Facts about the training, for people. */
  facts: Record<string, unknown>;
  /** Temperature without validation videos. Default 1. */
  temperature?: number;
}

/**
 * Calibrates and saves the model of the best epoch, and in `last` the model of the last epoch if that is another one.
 *
 * @param trained - Its labeler has the best weights, before and after the call.
 * @returns The calibration of the best model, and its scores on the validation videos.
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
    const training = { ...facts, epoch, validation: scores ?? undefined };
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
