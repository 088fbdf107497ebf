import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addTrainOptions } from '../../src/cli/commands/train-options.js';
import { useTemporaryFolder } from '../temporary-folder.js';

const { write } = useTemporaryFolder();

/** Parses flags of `framewise train`. @returns The value of one option. */
function read(option: string, ...flags: string[]): unknown {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  addTrainOptions(command);
  return command.parse(['--output', 'out', ...flags], { from: 'user' }).opts()[option];
}

describe('--encoder', () => {
  const readEncoder = (encoder: string) => read('encoder', '--encoder', encoder);
  const hand = { kind: 'builtin', name: 'hand-pose' };
  const onDisk = { kind: 'graph', path: 'model.json', inputWidth: 8, inputHeight: 8, pixelRange: [0, 1] };

  it('accepts a name, a file, or several of them to join', async () => {
    const file = await write('encoder.json', JSON.stringify(onDisk));
    expect(readEncoder('hand-pose')).toEqual(hand);
    expect(readEncoder(file)).toEqual(onDisk);
    expect(readEncoder(`hand-pose, ${file}`)).toEqual({ kind: 'joined', encoders: [hand, onDisk] });
  });

  it('accepts a file with joined encoders, but does not join it with others', async () => {
    const joined = { kind: 'joined', encoders: [hand, onDisk] };
    const file = await write('encoder.json', JSON.stringify(joined));
    expect(readEncoder(file)).toEqual(joined);
    expect(() => readEncoder(`hand-pose,${file}`)).toThrow(/These encoders cannot be joined: encoders\.1/);
  });

  it('refuses other values, and names the wrong one of several', () => {
    expect(() => readEncoder('hand-pose,handpose')).toThrow(/"handpose": expected movenet-lightning.*ENOENT/);
  });
});

describe('--leave-groups-out', () => {
  const readGroups = (...flags: string[]) => read('leaveGroupsOut', ...flags);

  it('means no group if absent, one without a value, or the given number', () => {
    expect(readGroups()).toBeUndefined();
    expect(readGroups('--leave-groups-out')).toBe(1);
    expect(readGroups('--leave-groups-out', '3')).toBe(3);
    expect(readGroups('--leave-groups-out', '--folds', '2')).toBe(1);
  });

  it.each(['0', '1.5', 'all'])('refuses %s as a number of groups', (text) => {
    expect(() => readGroups('--leave-groups-out', text)).toThrow(/Expected a whole number, 1 or more/);
  });
});
