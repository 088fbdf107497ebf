import util from 'node:util';

/**
 * Gives `node:util` two functions that tfjs-node 4.22 calls. Node 23 removed one (tensorflow/tfjs#8609), and Node 22
 * warns of the other. Changes the module in memory, nothing on disk. To be called before tfjs-node is loaded.
 */
export function repairNodeUtil(): void {
  Object.assign(util, {
    isArray: (value: unknown) => Array.isArray(value),
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  });
}
