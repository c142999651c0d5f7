/** A conversation drawn as a ladder: SIP on the left, the gateway in the middle, XMPP on the right. */

/** One packet on one of the two legs. */
export interface Rung {
  readonly leg: 'sip' | 'xmpp';
  /** Towards the gateway, or from it. */
  readonly towards: 'gateway' | 'user';
  /** The packet as it stood on the wire. */
  readonly packet: string;
}

const LEG_WIDTH = 46;
const INDENT = 2;
const MAX_PACKET_LINES = 30;

/** The heads of the three columns. */
export function ladderHead(sipUser: string, xmppUser: string): string {
  const left = `SIP ${sipUser}`;
  const right = `XMPP ${xmppUser}`;
  const line = left.padEnd(LEG_WIDTH - 2) + 'Verona'.padEnd(LEG_WIDTH + 5 - right.length) + right;
  return `${pad(line)}\n${pad(posts(' '.repeat(LEG_WIDTH), ' '.repeat(LEG_WIDTH)))}`;
}

/** One packet: an arrow with its first words, and the whole packet beneath it in its own column. */
export function drawRung(rung: Rung): string {
  const title = summary(rung);
  const rightwards = (rung.leg === 'sip') === (rung.towards === 'gateway');
  const label = fitted(` ${title}`, LEG_WIDTH);
  const arrow = rightwards ? `${'─'.repeat(LEG_WIDTH - 1)}▶` : `◀${'─'.repeat(LEG_WIDTH - 1)}`;
  const empty = ' '.repeat(LEG_WIDTH);
  const row = (text: string) => pad(rung.leg === 'sip' ? posts(text, empty) : posts(empty, text));
  const packet = packetLines(rung).map((line) => row(fitted(`   ${line}`, LEG_WIDTH)));
  return [row(label), row(arrow), ...packet, pad(posts(empty, empty))].join('\n');
}

/** A line of comment between rungs. */
export function ladderNote(text: string): string {
  return `\n${pad(`── ${text}`)}\n`;
}

function posts(left: string, right: string): string {
  return `│${left}│${right}│`;
}

function pad(line: string): string {
  return ' '.repeat(INDENT) + line;
}

function fitted(text: string, width: number): string {
  const characters = [...text];
  return characters.length <= width
    ? text + ' '.repeat(width - characters.length)
    : `${characters.slice(0, width - 1).join('')}…`;
}

/** The start line of a SIP message, or the name and kind of a stanza. */
function summary(rung: Rung): string {
  if (rung.leg === 'sip')
    return rung.packet
      .slice(0, rung.packet.indexOf('\r\n'))
      .replace(/ ?SIP\/2\.0 ?/, ' ')
      .trim();
  const name = /^<([\w:]+)/.exec(rung.packet)?.[1] ?? 'stanza';
  const type = /^<[^>]*\stype=["'](\w+)["']/.exec(rung.packet)?.[1];
  return type === undefined ? name : `${name} type=${type}`;
}

/** The packet beneath its arrow; of a response its start line says enough. */
function packetLines(rung: Rung): string[] {
  if (rung.leg === 'sip' && rung.packet.startsWith('SIP/2.0 ')) return [];
  const width = LEG_WIDTH - 5;
  // long header fields are cut, bodies and stanzas are wrapped
  const lines =
    rung.leg === 'sip' ? sipLines(rung.packet, width) : xmlLines(rung.packet).flatMap((line) => wrap(line, width));
  return lines.length <= MAX_PACKET_LINES ? lines : [...lines.slice(0, MAX_PACKET_LINES - 1), '…'];
}

function sipLines(packet: string, width: number): string[] {
  const headEnd = packet.indexOf('\r\n\r\n');
  const head = packet.slice(0, headEnd).split('\r\n').slice(1);
  const body = packet.slice(headEnd + 4);
  const fields = head.map((line) => fitted(line, width).trimEnd());
  return body === '' ? fields : [...fields, '', ...body.split('\r\n').flatMap((line) => wrap(line, width))];
}

/** A line for each tag, indented by depth; for reading only. */
function xmlLines(packet: string): string[] {
  const lines: string[] = [];
  let depth = 0;
  for (const part of packet.match(/<[^>]+>[^<]*/g) ?? [packet]) {
    if (part.startsWith('</')) {
      depth = Math.max(0, depth - 1);
      const opened = lines.at(-1);
      const tag = part.trim();
      if (opened?.trim().startsWith(`<${tag.slice(2, -1)}`) && !opened.trim().endsWith('/>'))
        lines[lines.length - 1] = opened + tag;
      else lines.push('  '.repeat(depth) + tag);
      continue;
    }
    lines.push('  '.repeat(depth) + part.trim());
    if (!/\/>/.test(part)) depth++;
  }
  return lines;
}

function wrap(line: string, width: number): string[] {
  const characters = [...line];
  if (characters.length <= width) return [line];
  const parts: string[] = [];
  for (let start = 0; start < characters.length; start += width)
    parts.push(characters.slice(start, start + width).join(''));
  return parts;
}
