"""juliet@example.com of the demo: writes to romeo@example.net until it is delivered, and prints his answer."""

import asyncio
import os
import ssl
import sys

import slixmpp

ROMEO = "romeo@example.net"
RETRY_SECONDS = 2


class Juliet(slixmpp.ClientXMPP):
    def __init__(self):
        super().__init__("juliet@example.com/balcony", os.environ["XMPP_PASSWORD"])
        # the demo's server has made its own certificate; a real client verifies
        self.ssl_context.check_hostname = False
        self.ssl_context.verify_mode = ssl.CERT_NONE
        self.answered = asyncio.get_event_loop().create_future()
        self.add_event_handler("session_start", self.started)
        self.add_event_handler("message", self.received)
        self.add_event_handler("message_error", self.refused)

    def started(self, _):
        self.send_presence()
        self.ask()

    def ask(self):
        print("juliet: Art thou not Romeo, and a Montague?", flush=True)
        self.send_message(mto=ROMEO, mbody="Art thou not Romeo, and a Montague?", mtype="chat")

    def refused(self, stanza):
        print(f"juliet: not yet delivered ({stanza['error']['condition']})", flush=True)
        self.loop.call_later(RETRY_SECONDS, self.ask)

    def received(self, stanza):
        if stanza["type"] in ("chat", "normal") and stanza["from"].bare == ROMEO:
            print(f"romeo:  {stanza['body']}", flush=True)
            self.answered.set_result(True)


async def main():
    juliet = Juliet()
    juliet.connect((os.environ.get("XMPP_HOST", "prosody"), int(os.environ.get("XMPP_PORT", "5222"))))
    await juliet.answered
    await juliet.disconnect()


try:
    asyncio.get_event_loop().run_until_complete(main())
except KeyboardInterrupt:
    sys.exit(130)
