/** Telling from an address whether a user is of the XMPP server or of the SIP registrar. */
import { err, ok, type Result } from '../base/result.js';
import type { Config } from '../config/schema.js';
import { Uri } from '../sip/message/uri.js';
import { unescapedUser } from '../sip/registrar/aor.js';
import { Jid } from '../xmpp/address/jid.js';

export type UserAddress =
  | { readonly kind: 'xmpp'; readonly jid: Jid }
  | { readonly kind: 'sip'; readonly username: string; readonly domain: string };

/** `juliet@example.com`, or `sip:romeo@example.net` (the scheme may be left out), by the domains of the configuration. */
export function readUserAddress(text: string, domains: Config['domains']): Result<UserAddress, string> {
  const domain = text.slice(text.lastIndexOf('@') + 1).toLowerCase();
  const isSip = /^sips?:/i.test(text) || domains.sip.some((name) => name.toLowerCase() === domain);
  return isSip ? sipUser(text, domains.sip) : xmppUser(text, domains.xmpp);
}

function sipUser(text: string, domains: readonly string[]): Result<UserAddress, string> {
  const uri = Uri.parse(/^sips?:/i.test(text) ? text : `sip:${text}`);
  if (!uri.ok) return err(`${text}: ${uri.error}`);
  const { user, host } = uri.value;
  if (user === undefined) return err(`${text} has no user part; write it as in sip:romeo@${domains[0]}`);
  if (!domains.some((name) => name.toLowerCase() === host))
    return err(`${host} is not one of domains.sip (${domains.join(', ')})`);
  const username = unescapedUser(user);
  if (username === undefined) return err(`the escapes of ${user} spell no UTF-8`);
  return ok({ kind: 'sip', username, domain: host });
}

function xmppUser(text: string, domains: readonly string[]): Result<UserAddress, string> {
  const jid = Jid.parse(text);
  if (!jid.ok) return err(`${text}: ${jid.error}`);
  if (jid.value.local === undefined || jid.value.resource !== undefined) {
    return err(`${text} is no bare JID; write it as in juliet@${domains[0]}`);
  }
  const { domain } = jid.value;
  if (!domains.some((name) => name.toLowerCase() === domain)) {
    return err(`${domain} is in neither domains.xmpp (${domains.join(', ')}) nor domains.sip`);
  }
  return ok({ kind: 'xmpp', jid: jid.value });
}
