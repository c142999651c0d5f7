#!/bin/sh
# romeo@example.net of the demo: registers at the SIP proxy, takes one MESSAGE, and answers it with one of his own.
set -eu
proxy="${PROXY:-172.30.72.20:5060}"
address="${ADDRESS:-172.30.72.30}"
port="${PORT:-5060}"
scenarios="${SCENARIOS:-/sipp}"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

agent() {
  sipp "$proxy" -i "$address" -p "$port" -m 1 -nostdin -nd -au romeo -ap "$SIP_PASSWORD" "$@" >screen 2>&1
}

until agent -sf "$scenarios/register-uac.xml" -s romeo -key domain example.net -key contact "$address:$port" -timeout 10; do
  echo 'romeo: cannot register yet'
  sleep 2
done
echo 'romeo: registered'
agent -sf "$scenarios/message-uas.xml" -trace_msg -message_file trace || { cat screen; exit 1; }
# the text is the line of the trace that stands before SIPp's next ruler
echo "juliet: $(sed -n '/^Content-Length/,/^---/p' trace | tr -d '\r' | sed -n '3p' | sed 's/-----.*//')"
agent -sf "$scenarios/message-digest-uac.xml" -s juliet -key domain example.com -key from romeo -key from_domain example.net \
  -key text 'Neither, fair saint, if either thee dislike.' -timeout 40 || { cat screen; exit 1; }
echo 'romeo: answered'
