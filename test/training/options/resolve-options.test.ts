import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { UsageError } from '../../../src/errors.js';
import {
  formatConfiguration,
  mergeOptions,
  readConfiguration,
  resolveOptions,
} from '../../../src/training/options/resolve-options.js';
import type { TrainingOptions } from '../../../src/training/options/training-options.js';
import { useTemporaryFolder } from '../../temporary-folder.js';

const { inFolder } = useTemporaryFolder();

async function fileOf(text: string): Promise<string> {
  const file = path.join(inFolder(), 'config.json');
  await writeFile(file, text);
  return file;
}

describe('resolveOptions', () => {
  it('fills in every default', () => {
    const { data, network, optimizer, augmentation, run } = resolveOptions({});
    expect(data).toMatchObject({ folds: 5, fold: 0, frameRate: 10, isStrict: false });
    expect(network).toMatchObject({ cell: 'gru', units: 64, layers: 1, dropout: 0.3, lookahead: 0 });
    expect(optimizer).toEqual({
      ...{ epochs: 30, monitor: 'loss', patience: 8, learningRate: 0.001, warmup: 0.05, weightDecay: 0.01 },
      ...{ maxGradientNorm: 1, numLanes: 8, chunkLength: 32, gradientLength: 32, isClipMode: false },
      ...{ labelWeights: 'balanced', labelSmoothing: 0, smoothness: 0.15 },
    });
    expect(augmentation).toEqual({ featureNoise: 0, speedJitter: 0, mirror: false });
    expect(run).toMatchObject({ seed: 1, checkpointSteps: 200, overwrite: false, resume: false });
  });

  it.each<[TrainingOptions, string]>([
    [{ optimizer: { epochs: 1.5 } }, 'optimizer.epochs is 1.5; expected a whole number, 1 or more.'],
    [{ network: { cell: 'cnn' as 'gru' } }, 'network.cell is "cnn"; expected one of none, rnn, gru, lstm.'],
    [{ run: { outputDir: '' } }, 'run.outputDir is ""; expected some text.'],
    [{ data: { groupPattern: '(' } }, 'data.groupPattern is "("; Invalid regular expression'],
    [{ augmentation: { mirror: 1 as unknown as true } }, 'augmentation.mirror is 1; expected a boolean.'],
  ])('names the wrong field of %o', (options, message) => {
    expect(() => resolveOptions(options)).toThrow(message);
    expect(() => resolveOptions(options)).toThrow(UsageError);
  });
});

describe('readConfiguration', () => {
  it('reads what formatConfiguration writes', async () => {
    const options: TrainingOptions = {
      data: { groupPattern: /(p\d)_/, validationGroups: ['p1'], limits: { maxPixels: 4 } },
      optimizer: { labelWeights: { fall: 4 }, chunkLength: 8 },
    };
    const configuration = resolveOptions(options);
    const read = await readConfiguration(await fileOf(formatConfiguration(configuration)));
    expect(resolveOptions(read)).toEqual(configuration);
  });

  it.each([
    ['{', /is not JSON: /],
    ['[]', /is wrong: it is \[\]; expected an object\./],
    ['{"epochs": 3}', /the top level has no field "epochs"\. Correct or remove it\./],
    ['{"optimizer": {"epoch": 3}}', /optimizer has no field "epoch"/],
    ['{"__proto__": {"epochs": 3}}', /the top level has no field "__proto__"/],
    [
      '{"data": {"limits": {"maxPixels": "all"}}}',
      /data\.limits\.maxPixels is "all"; expected a whole number/,
    ],
    [
      '{"data": {"encoder": {"kind": "joined", "encoders": []}}}',
      /data\.encoder\.encoders is \[\]; expected at/,
    ],
  ])('refuses %s and says where it is wrong', async (text, message) => {
    const reading = readConfiguration(await fileOf(text));
    await expect(reading).rejects.toThrow(message);
    await expect(reading).rejects.toThrow(UsageError);
  });

  it('refuses a file that is not there', async () => {
    await expect(readConfiguration(inFolder('absent.json'))).rejects.toThrow(
      /absent\.json" cannot be read: ENOENT/,
    );
  });
});

it('mergeOptions lets the stronger side win field by field', () => {
  const weaker = { data: { folds: 3, limits: { maxPixels: 1, maxFrames: 2 } }, optimizer: { epochs: 7 } };
  const stronger = { data: { fold: 1, limits: { maxFrames: 5 } }, optimizer: { epochs: 2 } };
  expect(mergeOptions(weaker, stronger)).toMatchObject({
    data: { folds: 3, fold: 1, limits: { maxPixels: 1, maxFrames: 5 } },
    optimizer: { epochs: 2 },
  });
});
