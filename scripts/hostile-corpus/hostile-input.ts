/** A file or folder made to harm whoever decodes it. */
export interface HostileInput {
  /** What was done to it, as the table of outcomes names it. */
  kind: string;
  /** Path, relative to the corpus's folder; names that begin with a dash stay as they are. */
  path: string;
}

/** Bytes to be written as an input. */
export interface HostileFile extends HostileInput {
  bytes: Uint8Array | string;
}
