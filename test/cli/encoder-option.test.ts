import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Command } from 'commander';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { addTrainOptions } from '../../src/cli/commands/train-options.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'framewise-option-'));
});
afterEach(() => rm(folder, { recursive: true }));

function read(encoder: string): unknown {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  addTrainOptions(command);
  return command.parse(['--output', folder, '--encoder', encoder], { from: 'user' }).opts()['encoder'];
}

const hand = { kind: 'builtin', name: 'hand-pose' };
const onDisk = { kind: 'graph', path: 'model.json', inputWidth: 8, inputHeight: 8, pixelRange: [0, 1] };

async function write(content: unknown): Promise<string> {
  const file = path.join(folder, 'encoder.json');
  await writeFile(file, JSON.stringify(content));
  return file;
}

it('takes a name, a file, or several of them to join', async () => {
  const file = await write(onDisk);
  expect(read('hand-pose')).toEqual(hand);
  expect(read(file)).toEqual(onDisk);
  expect(read(`hand-pose, ${file}`)).toEqual({ kind: 'joined', encoders: [hand, onDisk] });
});

it('takes a file that joins some, though not to join it with others', async () => {
  const joined = { kind: 'joined', encoders: [hand, onDisk] };
  const file = await write(joined);
  expect(read(file)).toEqual(joined);
  expect(() => read(`hand-pose,${file}`)).toThrow(/These encoders cannot be joined: encoders\.1/);
});

it('refuses what is neither, and says which of several it is', () => {
  expect(() => read('hand-pose,handpose')).toThrow(/"handpose": expected movenet-lightning.*ENOENT/);
});
