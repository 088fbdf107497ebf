import { appendFile } from 'node:fs/promises';
import path from 'node:path';
import { OutputError } from '../../errors.js';
import { MAX_TEXT_BYTES, readRegularFile } from '../../runtime/input-file.js';
import { writeFileAtomic } from '../../runtime/output-file.js';
import type { EpochReport, StepReport } from './training-reports.js';
import type { DatasetScores } from '../evaluation/score-sequences.js';

/**
 * A line of `metrics.jsonl`: a step of the optimizer, or an epoch, which follows its steps. `step` counts from 1 over the whole
 * training.
 */
export type TrainingRecord =
  | ({ kind: 'step' } & Pick<
      StepReport,
      'step' | 'epoch' | 'loss' | 'learningRate' | 'gradientNorm' | 'clippedGradientNorm'
    >)
  | ({ kind: 'epoch'; step: number } & EpochReport);

/** Record of a finished training, `training-run.json`. */
export interface TrainingRunRecord {
  /** Command line. Empty if a program started the training. */
  command: string[];
  /** Version of framewise. */
  framewise: string;
  node: string;
  backend: string;
  /** Absolute path of the dataset. */
  dataset: string;
  /** SHA-256 of names, labels and features of all videos, hexadecimal. */
  datasetHash: string;
  encoderId: string;
  /** Frames per second. */
  frameRate: number;
  /** Settings that determine the result, by name. */
  settings: Record<string, unknown>;
  labels: string[];
  background: string | null;
  /** Names of the training videos. */
  training: string[];
  validation: string[];
  leftOut: string[];
  numEpochs: number;
  bestEpoch: number;
  /** Scores of the saved model on the validation videos, calibrated and smoothed. Null without validation videos. */
  scores: DatasetScores | null;
}

/** Name of the record in the output folder of a training. */
const RUN_RECORD_FILE = 'training-run.json';

/** Writes the record of a training. @throws {OutputError} If the file cannot be written. */
export async function writeRunRecord(folder: string, record: TrainingRunRecord): Promise<void> {
  await writeFileAtomic(path.join(folder, RUN_RECORD_FILE), `${JSON.stringify(record, undefined, 2)}\n`);
}

/** Name of the log in the output folder of a training. */
export const TRAINING_LOG_FILE = 'metrics.jsonl';

/** Logs the course of a training, one JSON object per line. */
export class TrainingLog {
  private constructor(readonly file: string) {}

  /**
   * Starts a log, or continues one.
   *
   * @param numSteps - Steps that the training has taken. Records of later steps are dropped, because these steps are taken again.
   * @throws {OutputError} If the file cannot be written.
   */
  static async open(file: string, numSteps: number): Promise<TrainingLog> {
    const kept = numSteps > 0 ? (await readTrainingLog(file)).filter(({ step }) => step <= numSteps) : [];
    await writeFileAtomic(file, kept.map(lineOf).join(''));
    return new TrainingLog(file);
  }

  /**
   * Logs a step or skips it. The later a step, the less often it is logged.
   *
   * @throws {OutputError} If the file cannot be written.
   */
  async addStep(report: StepReport): Promise<void> {
    const { step, epoch, loss, learningRate, gradientNorm, clippedGradientNorm } = report;
    if (!isLogged(step)) return;
    await this.#add({ kind: 'step', step, epoch, loss, learningRate, gradientNorm, clippedGradientNorm });
  }

  /**
   * Logs an epoch.
   *
   * @param step - Last step of the epoch.
   * @throws {OutputError} If the file cannot be written.
   */
  async addEpoch(step: number, report: EpochReport): Promise<void> {
    await this.#add({ kind: 'epoch', step, ...report });
  }

  async #add(record: TrainingRecord): Promise<void> {
    try {
      await appendFile(this.file, lineOf(record));
    } catch (cause) {
      throw new OutputError(
        `Cannot write "${this.file}": ${(cause as Error).message}. Make room, then go on from the last checkpoint.`,
        this.file,
        { cause },
      );
    }
  }
}

/**
 * Reads a log. A line that is damaged, or was cut off when a process ended, is left out.
 *
 * @returns Its records; none if there is no log.
 * @throws {OutputError} If the file cannot be read.
 */
export async function readTrainingLog(file: string): Promise<TrainingRecord[]> {
  const bytes = await readRegularFile(file, { maxBytes: MAX_TEXT_BYTES }).catch(
    (cause: NodeJS.ErrnoException) => {
      if (cause.code === 'ENOENT') return Buffer.alloc(0);
      throw new OutputError(`Cannot read "${file}": ${cause.message}. Move it out of the way.`, file, {
        cause,
      });
    },
  );
  return bytes
    .toString('utf8')
    .split('\n')
    .map(parseRecord)
    .filter((record) => record !== undefined);
}

function parseRecord(line: string): TrainingRecord | undefined {
  try {
    const record = JSON.parse(line) as Partial<TrainingRecord> | null;
    const isRecord = typeof record === 'object' && typeof record?.step === 'number';
    return isRecord && (record.kind === 'step' || record.kind === 'epoch')
      ? (record as TrainingRecord)
      : undefined;
  } catch {
    return undefined;
  }
}

const lineOf = (record: TrainingRecord): string => `${JSON.stringify(record)}\n`;

/** Whether a step is logged: the first thousand, then every tenth up to ten thousand, and so on, enough for a curve. */
function isLogged(step: number): boolean {
  return step % 10 ** Math.max(0, Math.ceil(Math.log10(step)) - 3) === 0;
}
