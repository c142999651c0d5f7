/** A SIP user of a script, behind a user agent of this project. */
import type { SipRequest, SipResponse } from '../../../src/sip/message/message.js';
import {
  type Answerer,
  type MessageOptions,
  SipUserAgent,
  type SipUserAgentOptions,
} from '../../../src/wire/sip/user-agent.js';
import { Inbox } from './inbox.js';

export class Phone {
  readonly inbox = new Inbox<SipRequest>();
  readonly agent: SipUserAgent;
  /** How a MESSAGE is answered. */
  answers: Answerer = () => 200;

  private constructor(options: SipUserAgentOptions) {
    this.agent = new SipUserAgent(options);
    this.agent.onMessage((request) => {
      this.inbox.put(request);
      return this.answers(request);
    });
  }

  static async open(options: SipUserAgentOptions): Promise<Phone> {
    const phone = new Phone(options);
    await phone.agent.start();
    return phone;
  }

  /** Sends text; resolves with the final response. */
  says(to: string, text: string, options?: MessageOptions): Promise<SipResponse> {
    return this.agent.message(to, text, options);
  }

  /** The next MESSAGE. */
  hears(): Promise<SipRequest> {
    return this.inbox.next();
  }

  /** The text of the next MESSAGE. */
  async hearsText(): Promise<string> {
    return textOf(await this.hears());
  }

  /** Answers nothing until the function that this gives is called with a status. */
  holds(): (status: number) => void {
    let answer: (status: number) => void = () => {};
    const held = new Promise<number>((resolve) => {
      answer = resolve;
    });
    this.answers = () => held;
    return (status) => {
      this.answers = () => status;
      answer(status);
    };
  }

  get unread(): readonly SipRequest[] {
    return this.inbox.unread;
  }

  stop(): Promise<void> {
    return this.agent.stop();
  }
}

export function textOf(message: { readonly body: Uint8Array }): string {
  return Buffer.from(message.body).toString('utf8');
}
