/** The client transactions: INVITE (RFC 3261 §17.1.1 with RFC 6026 §7.2) and non-INVITE (RFC 3261 §17.1.2). */
import type { Table } from './table.js';

export type ClientState = 'initial' | 'calling' | 'trying' | 'proceeding' | 'accepted' | 'completed' | 'terminated';

export type ClientEvent =
  | 'start'
  | '1xx'
  | '2xx'
  | '3xx-6xx'
  | 'timer A'
  | 'timer B'
  | 'timer D'
  | 'timer E'
  | 'timer F'
  | 'timer K'
  | 'timer M'
  | 'transport error';

export type ClientEffect =
  | 'send request'
  | 'send ACK'
  | 'pass response'
  | 'tell timeout'
  | 'tell transport error'
  /** T1; nothing on a reliable transport. */
  | 'start A'
  | 'start E'
  /** Twice the interval before. */
  | 'double A'
  /** Twice the interval before, at most T2. */
  | 'double E'
  /** T2. */
  | 'E at T2'
  | 'start B'
  | 'start D'
  | 'start F'
  | 'start K'
  | 'start M'
  | 'stop timers';

export type ClientTable = Table<ClientState, ClientEvent, ClientEffect>;

/** RFC 3261 figure 5, corrected by RFC 6026 figure 5. */
export const INVITE_CLIENT: ClientTable = {
  initial: {
    start: ['calling', 'send request', 'start A', 'start B'],
  },
  calling: {
    'timer A': ['calling', 'send request', 'double A'],
    'timer B': ['terminated', 'stop timers', 'tell timeout'],
    'transport error': ['terminated', 'stop timers', 'tell transport error'],
    '1xx': ['proceeding', 'stop timers', 'pass response'],
    '2xx': ['accepted', 'stop timers', 'start M', 'pass response'],
    '3xx-6xx': ['completed', 'stop timers', 'send ACK', 'start D', 'pass response'],
  },
  proceeding: {
    '1xx': ['proceeding', 'pass response'],
    '2xx': ['accepted', 'start M', 'pass response'],
    '3xx-6xx': ['completed', 'send ACK', 'start D', 'pass response'],
  },
  accepted: {
    '2xx': ['accepted', 'pass response'], // RFC 6026 §7.2: forked or retransmitted, the core acknowledges each
    'timer M': ['terminated'],
  },
  completed: {
    '3xx-6xx': ['completed', 'send ACK'],
    'transport error': ['terminated', 'stop timers', 'tell transport error'],
    'timer D': ['terminated'],
  },
};

/** RFC 3261 figure 6. */
export const NON_INVITE_CLIENT: ClientTable = {
  initial: {
    start: ['trying', 'send request', 'start E', 'start F'],
  },
  trying: {
    'timer E': ['trying', 'send request', 'double E'],
    'timer F': ['terminated', 'stop timers', 'tell timeout'],
    'transport error': ['terminated', 'stop timers', 'tell transport error'],
    '1xx': ['proceeding', 'pass response'],
    '2xx': ['completed', 'stop timers', 'start K', 'pass response'],
    '3xx-6xx': ['completed', 'stop timers', 'start K', 'pass response'],
  },
  proceeding: {
    'timer E': ['proceeding', 'send request', 'E at T2'],
    'timer F': ['terminated', 'stop timers', 'tell timeout'],
    'transport error': ['terminated', 'stop timers', 'tell transport error'],
    '1xx': ['proceeding', 'pass response'],
    '2xx': ['completed', 'stop timers', 'start K', 'pass response'],
    '3xx-6xx': ['completed', 'stop timers', 'start K', 'pass response'],
  },
  completed: {
    'timer K': ['terminated'], // until then stray retransmissions of the response end here
  },
};
