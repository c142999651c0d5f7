/** What is wrong with a peer's XML, in the words of stream errors (RFC 6120 §4.9.3, §11.1). */

export interface XmlFault {
  readonly condition: /** First-level text, which is XML but no XMPP (RFC 6120 §4.9.3.1). */
    | 'bad-format'
    /** XML or namespaces broken (RFC 6120 §4.9.3.13). */
    | 'not-well-formed'
    /** A limit exceeded (RFC 6120 §4.9.3.14). */
    | 'policy-violation'
    /** Comment, processing instruction, DTD or entity (RFC 6120 §4.9.3.18). */
    | 'restricted-xml'
    /** Not UTF-8 (RFC 6120 §4.9.3.22). */
    | 'unsupported-encoding';
  /** An application condition in the namespace `urn:xmpp:errors`. */
  readonly appCondition?: 'stanza-too-big';
  /** For people: what was found and expected. */
  readonly text: string;
}

export function notWellFormed(text: string): XmlFault {
  return { condition: 'not-well-formed', text };
}

export function tooBig(text: string): XmlFault {
  return { condition: 'policy-violation', appCondition: 'stanza-too-big', text };
}
