/** What a command reports when it ends. Errors that stop it are thrown instead. */
export interface CommandOutcome {
  /** False if some of the work failed, for example one video of a batch. The exit code is then 1. */
  isAllDone: boolean;
}
