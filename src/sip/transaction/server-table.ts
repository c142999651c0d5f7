/** The server transactions: INVITE (RFC 3261 §17.2.1 with RFC 6026 §7.1) and non-INVITE (RFC 3261 §17.2.2 with RFC 4320). */
import type { Table } from './table.js';

export type ServerState = 'initial' | 'trying' | 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated';

export type ServerEvent =
  | 'start'
  /** The request came again. */
  | 'request'
  | 'ACK'
  /** Responses of the core. */
  | '1xx'
  | '2xx'
  | '3xx-6xx'
  /** A final response that must not be sent (RFC 4320 §4.2). */
  | 'silence'
  | 'timer 100'
  | 'timer G'
  | 'timer H'
  | 'timer I'
  | 'timer J'
  | 'timer L'
  | 'transport error';

export type ServerEffect =
  | 'send response'
  | 'resend response'
  | 'send 100'
  | 'pass ACK'
  | 'tell timeout'
  | 'tell transport error'
  | 'start 100'
  | 'start G'
  | 'double G'
  | 'start H'
  | 'start I'
  | 'start J'
  | 'start L'
  | 'stop timers';

export type ServerTable = Table<ServerState, ServerEvent, ServerEffect>;

/** RFC 3261 figure 7, corrected by RFC 6026 figure 4. */
export const INVITE_SERVER: ServerTable = {
  initial: {
    start: ['proceeding', 'start 100'], // RFC 3261 §17.2.1: a 100 unless the core answers within 200 ms
  },
  proceeding: {
    request: ['proceeding', 'resend response'],
    'timer 100': ['proceeding', 'send 100'],
    '1xx': ['proceeding', 'stop timers', 'send response'],
    '2xx': ['accepted', 'stop timers', 'send response', 'start L'],
    '3xx-6xx': ['completed', 'stop timers', 'send response', 'start G', 'start H'],
    'transport error': ['proceeding', 'tell transport error'], // RFC 6026 §8.10
  },
  accepted: {
    request: ['accepted'], // RFC 6026 §7.1: absorbed; the core retransmits its 2xx
    '2xx': ['accepted', 'send response'],
    ACK: ['accepted', 'pass ACK'],
    'transport error': ['accepted', 'tell transport error'],
    'timer L': ['terminated'],
  },
  completed: {
    request: ['completed', 'resend response'],
    'timer G': ['completed', 'resend response', 'double G'],
    'timer H': ['terminated', 'stop timers', 'tell timeout'],
    'transport error': ['completed', 'tell transport error'],
    ACK: ['confirmed', 'stop timers', 'start I'],
  },
  confirmed: {
    ACK: ['confirmed'],
    'timer I': ['terminated'],
  },
};

/**
 * RFC 3261 figure 8; the core gives no provisional responses, the machine gives the one that RFC 4320 §4.1 requires.
 * DEVIATION: a transport error does not end the transaction, as RFC 6026 §8.10 has it for INVITE: the
 * client retransmits when the response is lost, and must not find its request served a second time.
 */
export const NON_INVITE_SERVER: ServerTable = {
  initial: {
    start: ['trying', 'start 100'],
  },
  trying: {
    request: ['trying'],
    'timer 100': ['proceeding', 'send 100'], // RFC 4320 §4.1: not before, and then it must
    '2xx': ['completed', 'stop timers', 'send response', 'start J'],
    '3xx-6xx': ['completed', 'stop timers', 'send response', 'start J'],
    silence: ['completed', 'stop timers', 'start J'],
  },
  proceeding: {
    request: ['proceeding', 'resend response'],
    '2xx': ['completed', 'send response', 'start J'],
    '3xx-6xx': ['completed', 'send response', 'start J'],
    silence: ['completed', 'start J'],
    'transport error': ['proceeding', 'tell transport error'],
  },
  completed: {
    request: ['completed', 'resend response'],
    'transport error': ['completed', 'tell transport error'],
    'timer J': ['terminated'],
  },
};
