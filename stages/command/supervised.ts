/** What an attempt tells the supervisor of a program. */
export interface SupervisedProgram {
  readonly argv: readonly string[];
  /** Where the program runs. */
  readonly work: string;
  /** Removed once nobody wants the results any more. */
  readonly folder: string;
  /** Seconds from SIGTERM to SIGKILL. */
  readonly grace: number;
}

/** What shells say of a program that they cannot start. */
export const NOT_STARTED_CODE = 127;
