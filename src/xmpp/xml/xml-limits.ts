/** What a peer's XML may cost before it is refused (RFC 6120 §13.12). */

export interface XmlLimits {
  /** Octets of one first-level element, of the stream header, or of a document; RFC 6120 §13.12 asks for 10000 at least. */
  readonly maxStanzaBytes: number;
  /** Elements inside one another, the first-level element counting as one. */
  readonly maxDepth: number;
  /** Attributes of one element, namespace declarations included. */
  readonly maxAttributes: number;
  /** Octets of the name of an element or attribute, with its prefix. */
  readonly maxNameBytes: number;
  /** Octets of an attribute's value. */
  readonly maxAttributeBytes: number;
  /** Elements in one first-level element, itself included. */
  readonly maxElements: number;
}

export const DEFAULT_XML_LIMITS: XmlLimits = {
  maxStanzaBytes: 262_144,
  maxDepth: 64,
  maxAttributes: 64,
  maxNameBytes: 256,
  maxAttributeBytes: 16_384,
  maxElements: 16_384,
};
