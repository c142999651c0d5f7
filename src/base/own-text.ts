/**
 * Strings that are kept for long, without what they were made of. The engine keeps a joined string as references to its parts,
 * and a part cut out of a message as a window on the whole message; a short key can so hold many times its own size.
 */

/**
 * `text`, joined from parts, as one string of its own: reading a character of it makes the engine join it for good. Measured,
 * a transaction key of three parts of a message holds 160 octets so, and 750 otherwise. Costs next to nothing.
 */
export function joined(text: string): string {
  return text.charCodeAt(0) === 0 ? '' : text;
}

/** `text`, cut out of a message, as a copy of its own. */
export function detached(text: string): string {
  return Buffer.from(text).toString();
}
