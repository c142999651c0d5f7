/** Messages that several tests start from. */

/** A head with CRLF line ends and its blank line, then the body. */
export function wire(lines: readonly string[], body = ''): Buffer {
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`, 'utf8');
}

export const MESSAGE_LINES: readonly string[] = [
  'MESSAGE sip:juliet@example.com SIP/2.0',
  'Via: SIP/2.0/TCP s2x.example.net;branch=z9hG4bKeskdgs',
  'Max-Forwards: 70',
  'From: <sip:romeo@example.net>;tag=vwxyz',
  'To: <sip:juliet@example.com>',
  'Call-ID: 9E97FB43-85F4-4A00-8751-1124FD4C7B2E',
  'CSeq: 1 MESSAGE',
  'Content-Type: text/plain',
  'Content-Length: 44',
];
export const MESSAGE_BODY = 'Neither, fair saint, if either thee dislike.';
export const MESSAGE = wire(MESSAGE_LINES, MESSAGE_BODY);

/** The MESSAGE with one header line replaced (undefined: left out), the body as it is. */
export function messageWith(name: string, line: string | undefined): Buffer {
  return wire(
    MESSAGE_LINES.flatMap((old) => (!old.startsWith(`${name}:`) ? [old] : line === undefined ? [] : [line])),
    MESSAGE_BODY,
  );
}

/** The MESSAGE with further header lines. */
export function messageAnd(...lines: string[]): Buffer {
  return wire([...MESSAGE_LINES, ...lines], MESSAGE_BODY);
}

export const OK_LINES: readonly string[] = [
  'SIP/2.0 200 OK',
  'Via: SIP/2.0/TCP s2x.example.net;branch=z9hG4bKeskdgs;received=192.0.2.1',
  'From: <sip:romeo@example.net>;tag=vwxyz',
  'To: <sip:juliet@example.com>;tag=786',
  'Call-ID: 9E97FB43-85F4-4A00-8751-1124FD4C7B2E',
  'CSeq: 1 MESSAGE',
  'Content-Length: 0',
];
export const OK = wire(OK_LINES);
