/** A failure that ends the command with one line for its user: what, where and how to mend. */
export class CommandFailure extends Error {
  constructor(
    message: string,
    /** 1: the command failed; 2: it was called wrongly. */
    readonly exitCode: 1 | 2 = 1,
  ) {
    super(message);
  }
}
