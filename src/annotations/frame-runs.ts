/** Consecutive frames of one label, `[startFrame, endFrame)`. */
export interface FrameRun {
  label: string;
  startFrame: number;
  endFrame: number;
}

/**
 * Joins consecutive frames of one label.
 *
 * @param labels - The label of each frame; undefined where it has none.
 */
export function runsOf(labels: readonly (string | undefined)[]): FrameRun[] {
  const runs: FrameRun[] = [];
  labels.forEach((label, frame) => {
    const last = runs.at(-1);
    if (label === undefined) return;
    if (last?.label === label && last.endFrame === frame) last.endFrame++;
    else runs.push({ label, startFrame: frame, endFrame: frame + 1 });
  });
  return runs;
}
