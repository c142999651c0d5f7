#!/bin/sh
# Starts Prosody in the foreground. The first start makes a self-signed certificate; every start gives the users of XMPP_USERS
# the password XMPP_PASSWORD.
set -eu
: "${COMPONENT_SECRET:?}" "${XMPP_PASSWORD:?}"
config="${CONFIG:-/etc/prosody/prosody.cfg.lua}"
certificates="${DATA:-/var/lib/prosody}/certs"

if [ ! -f "$certificates/example.com.crt" ]; then
  mkdir -p "$certificates"
  (umask 077 && openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj /CN=example.com \
    -addext subjectAltName=DNS:example.com \
    -keyout "$certificates/example.com.key" -out "$certificates/example.com.crt" 2>/dev/null)
fi
for user in ${XMPP_USERS:-}; do
  prosodyctl --config "$config" register "$user" example.com "$XMPP_PASSWORD" >/dev/null
done
exec prosody --config "$config" -F
