import { Command } from 'commander';
import { expect, it } from 'vitest';
import { addTrainOptions } from '../../src/cli/commands/train-options.js';

function read(...flags: string[]): unknown {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  addTrainOptions(command);
  return command.parse(['--output', 'out', ...flags], { from: 'user' }).opts()['leaveGroupsOut'];
}

it('leaves out no group, one, or as many as given', () => {
  expect(read()).toBeUndefined();
  expect(read('--leave-groups-out')).toBe(1);
  expect(read('--leave-groups-out', '3')).toBe(3);
  expect(read('--leave-groups-out', '--folds', '2')).toBe(1);
});

it.each(['0', '1.5', 'all'])('does not take %s for a number of groups', (text) => {
  expect(() => read('--leave-groups-out', text)).toThrow(/Expected a whole number, 1 or more/);
});
