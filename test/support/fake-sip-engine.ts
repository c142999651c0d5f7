import type { LocalCause, OutgoingMessage, SipAnswer, SipEngine, SipOutcome } from '../../src/sip/engine.js';
import { responseTo, type SipRequest, serialize } from '../../src/sip/message/message.js';
import { buildMessage } from '../../src/sip/useragent/outgoing-request.js';

/** A MESSAGE that the behaviour under test sent, and the other end of its transaction. */
export interface SentMessage {
  readonly message: OutgoingMessage;
  /** As it would stand on the wire. */
  readonly request: SipRequest;
  readonly text: string;
  readonly done: boolean;
  /** Ends the transaction with a final response. */
  answer(status: number, parts?: { reason?: string; headers?: readonly (readonly [string, string])[] }): void;
  /** Ends it without one. */
  end(cause: LocalCause): void;
  /** Breaks the promise of the port. */
  reject(error: Error): void;
}

/** The SIP side in memory: keeps what is sent until the test answers, and hands requests in. */
export class FakeSipEngine implements SipEngine {
  readonly sent: SentMessage[] = [];
  /** When set, every MESSAGE is answered with it at once. */
  autoAnswer: number | undefined;
  maxMessageOctets = 1300;
  #answer: ((incoming: Parameters<Parameters<SipEngine['onMessage']>[0]>[0]) => Promise<SipAnswer>) | undefined;

  get last(): SentMessage {
    const last = this.sent.at(-1);
    if (last === undefined) throw new Error('nothing was sent to SIP');
    return last;
  }

  onMessage(answer: Parameters<SipEngine['onMessage']>[0]): void {
    this.#answer = answer;
  }

  /** A request of a trusted peer; resolves with its final answer. */
  receive(request: SipRequest): Promise<SipAnswer> {
    if (this.#answer === undefined) throw new Error('nobody takes MESSAGE requests');
    const origin = { transport: 'tcp', address: '127.0.0.1', port: 5060, proof: 'trusted-peer' } as const;
    return this.#answer({ request, origin });
  }

  sendMessage(message: OutgoingMessage): Promise<SipOutcome> {
    const number = this.sent.length + 1;
    const request = buildMessage(message, {
      transport: 'TCP',
      sentBy: 'x2s.example.com:5060',
      branch: `z9hG4bK-${number}`,
      fromTag: `tag-${number}`,
      callId: message.callId ?? `call-${number}`,
      cseq: number,
      requestUri: message.requestUri,
    });
    const octets = serialize(request);
    if (octets.length > this.maxMessageOctets) return Promise.resolve({ kind: 'local', cause: 'too-large' });
    return new Promise((resolve, reject) => {
      const entry = {
        message,
        request,
        text: octets.toString('utf8'),
        done: false,
        answer(status: number, parts: { reason?: string; headers?: readonly (readonly [string, string])[] } = {}) {
          entry.done = true;
          resolve({ kind: 'final', response: responseTo(request, status, { toTag: 'peer', ...parts }) });
        },
        end(cause: LocalCause) {
          entry.done = true;
          resolve({ kind: 'local', cause });
        },
        reject(error: Error) {
          entry.done = true;
          reject(error);
        },
      };
      this.sent.push(entry);
      if (this.autoAnswer !== undefined) entry.answer(this.autoAnswer);
    });
  }
}
