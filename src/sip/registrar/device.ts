/** Which of a user's devices a URI means (RFC 5627 §3.1). */
import type { Uri } from '../message/uri.js';
import type { Binding } from './binding.js';

/** The bindings that `requestUri` names by its `gr` parameter; all of them without one, or when none is meant. */
export function devicesMeant(requestUri: Uri, bindings: readonly Binding[]): readonly Binding[] {
  const gr = requestUri.param('gr');
  if (gr === undefined || gr === '') return bindings;
  const meant = bindings.filter((binding) => instanceOf(binding) === gr || binding.uri.param('gr') === gr);
  return meant.length > 0 ? meant : bindings;
}

/** The instance as a public GRUU spells it: the URN without the angle brackets of +sip.instance (RFC 5627 §4.1). */
function instanceOf({ instance }: Binding): string | undefined {
  return instance?.startsWith('<') && instance.endsWith('>') ? instance.slice(1, -1) : instance;
}
