/** The yardstick, as a process: a UDP socket that answers each MESSAGE, and nothing else. Writes its port. */
import { SipSink } from './sip-sink.js';

const sink = await SipSink.open(() => {});
process.stdout.write(`${sink.port}\n`);
