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
  sipp "$proxy" -i "$address" -p "$port" -m 1 -nostdin -nd -au romeo -ap "$SIP_PASSWORD" "$@" >screen 2>&1 || {
    cat screen
    return 1
  }
}
until agent -sf "$scenarios/register-uac.xml" -s romeo -key domain example.net -key contact "$address:$port" -timeout 10; do
  echo 'romeo: the proxy does not let me register yet'
  sleep 2
done
echo 'romeo: registered'
agent -sf "$scenarios/message-uas.xml" -trace_msg -message_file received
sed -n '/^\r*$/,/^---/{/^MESSAGE/,/^\r*$/d;p}' received | grep -m 1 '?' || true
agent -sf "$scenarios/message-digest-uac.xml" -s juliet -key domain example.com -key from romeo -key from_domain example.net \
  -key text 'Neither, fair saint, if either thee dislike.' -timeout 40
echo 'romeo: answered'
