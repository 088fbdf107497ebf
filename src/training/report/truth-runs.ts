import { UNLABELLED } from '../sequences.js';

/** Frames `[start, end)` that truly show one label. */
interface TruthRun {
  /** Index of the label. */
  target: number;
  start: number;
  end: number;
}

/** @returns The stretches of one label of a video, in order, without those that are not labelled. */
export function truthRuns(targets: Int32Array): TruthRun[] {
  const runs: TruthRun[] = [];
  for (let start = 0, end = 0; start < targets.length; start = end) {
    const target = targets[start]!;
    while (targets[end] === target && end < targets.length) end++;
    if (target !== UNLABELLED) runs.push({ target, start, end });
  }
  return runs;
}
