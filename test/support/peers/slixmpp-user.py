"""An XMPP user on slixmpp that a test drives: commands come as JSON lines, events go out as JSON lines."""

import asyncio
import json
import logging
import os
import sys
import xml.etree.ElementTree as ET

import slixmpp
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

CLIENT = "{jabber:client}"


def tell(event, **what):
    print(json.dumps({"event": event, **what}), flush=True)


class User(slixmpp.ClientXMPP):
    def __init__(self, options):
        super().__init__(options["jid"], os.environ["XMPP_PASSWORD"])
        self.options = options
        self.ca_certs = options.get("caFile")
        self.register_plugin("xep_0030")
        self.register_plugin("xep_0199")
        self.add_event_handler("session_start", self.started)
        self.add_event_handler("disconnected", lambda reason: tell("disconnected", reason=str(reason)))
        self.add_event_handler("failed_all_auth", lambda _: tell("failed-auth"))
        self.add_event_handler("stream_error", lambda error: tell("stream-error", condition=error["condition"]))
        for name in ("message", "presence"):
            matcher = MatchXPath(CLIENT + name)
            self.register_handler(Callback("test " + name, matcher, lambda stanza, name=name: self.told(name, stanza)))

    async def started(self, _):
        tell("online", jid=str(self.boundjid))
        if self.options.get("available", True):
            self.send_presence()

    def told(self, name, stanza):
        xml = stanza.xml
        error = xml.find(CLIENT + "error")
        condition = None
        if error is not None:
            condition = next((child.tag.split("}")[1] for child in error if not child.tag.endswith("}text")), None)
        tell(
            name,
            id=xml.get("id"),
            type=xml.get("type"),
            **{"from": xml.get("from"), "to": xml.get("to")},
            body=xml.findtext(CLIENT + "body"),
            thread=xml.findtext(CLIENT + "thread"),
            subject=xml.findtext(CLIENT + "subject"),
            condition=condition,
            errorType=None if error is None else error.get("type"),
            xml=ET.tostring(xml, encoding="unicode"),
        )

    async def obey(self, command):
        what = command["do"]
        if what == "message":
            message = self.make_message(command["to"], mbody=command["body"], mtype=command.get("type", "chat"))
            message["id"] = command["id"]
            message.send()
        elif what == "presence":
            self.send_presence(pto=command.get("to"), ptype=command.get("type"))
        elif what == "xml":
            self.send_raw(command["xml"])
        elif what == "ping":
            try:
                await self["xep_0199"].send_ping(slixmpp.JID(command["to"]), timeout=10)
                tell("pong", token=command["token"])
            except slixmpp.exceptions.IqError as error:
                tell("pong", token=command["token"], condition=error.condition)
        elif what == "quit":
            await self.disconnect(wait=1.0)


async def main():
    options = json.loads(sys.argv[1])
    user = User(options)
    user.connect((options["host"], options["port"]))
    reader = asyncio.StreamReader()
    await user.loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        command = json.loads(line)
        await user.obey(command)
        if command["do"] == "quit":
            return


logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
asyncio.get_event_loop().run_until_complete(main())
