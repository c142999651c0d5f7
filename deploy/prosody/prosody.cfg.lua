-- Prosody as XMPP server of example.com, with Verona as its component for the SIP users of example.net.
-- The environment gives COMPONENT_SECRET, and may give DATA, INTERFACE, C2S_PORT and COMPONENT_PORT.
local data = ENV_DATA or "/var/lib/prosody"
local interface = ENV_INTERFACE or "*"

run_as_root = ENV_RUN_AS_ROOT == "yes"
pidfile = data .. "/prosody.pid"
data_path = data
certificates = data .. "/certs"
interfaces = { interface }
c2s_ports = { tonumber(ENV_C2S_PORT) or 5222 }
component_interfaces = { interface }
component_ports = { tonumber(ENV_COMPONENT_PORT) or 5347 }

modules_enabled = {
	"roster", "saslauth", "tls", "disco", "ping", "offline", "carbons", "smacks", "pep", "blocklist", "vcard4", "vcard_legacy",
}
modules_disabled = { "s2s" } -- federation needs a domain and a certificate of your own
authentication = "internal_hashed"
c2s_require_encryption = true
log = { { levels = { min = "info" }, to = "console" } }

VirtualHost "example.com"

Component "example.net"
	component_secret = ENV_COMPONENT_SECRET
