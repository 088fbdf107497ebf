/** Progress of work on several items. Passed to `onProgress` after each of them. */
export interface ItemProgress {
  /** Items done so far, failed ones included. */
  numDone: number;
  numTotal: number;
  /** Name of the item that was just done, such as a video or a label file. */
  name: string;
}

/** Progress of encoding the videos of a dataset. */
export interface EncodingProgress extends ItemProgress {
  /** Whether the features came from the cache. */
  isCached: boolean;
}
