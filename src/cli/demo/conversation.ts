/** The demonstration's conversation: each packet is drawn as it passes, and an act ends when what it waits for has come. */
import { drawRung, ladderHead, ladderNote, type Rung } from './ladder.js';

const ACT_LIMIT_MS = 10_000;

export class Conversation {
  constructor(private readonly print: (text: string) => void) {}

  /** Prints the heads of the columns. */
  begin(sipUser: string, xmppUser: string): void {
    this.print(`\n${ladderHead(sipUser, xmppUser)}\n`);
  }

  /** Draws one packet. */
  saw(rung: Rung): void {
    this.print(`${drawRung(rung)}\n`);
  }

  /** Does something and waits for its end; rejects when that does not come in 10 seconds. */
  async act(title: string, play: () => Promise<unknown>): Promise<void> {
    this.print(ladderNote(title));
    let limit: NodeJS.Timeout | undefined;
    const tooLong = new Promise<never>((_, reject) => {
      limit = setTimeout(() => reject(new Error(`"${title}" did not end in ${ACT_LIMIT_MS / 1000} s`)), ACT_LIMIT_MS);
    });
    try {
      await Promise.race([play(), tooLong]);
    } finally {
      clearTimeout(limit);
    }
  }
}
