"""Debian's Janus: a videoroom each, WebRTC publisher in, WebRTC subscribers out, signaled over its HTTP interface."""

import http.client
import json
import os
import secrets
import shutil
import time
from pathlib import Path

from . import place
from .server import Server, debian_version

HTTP_PORT = 8088
LIBRARIES = Path("/usr/lib/x86_64-linux-gnu/janus")

# One event loop: there is one core, and a thread for each of a hundred handles would not be faster on it.
MAIN = """
general: {{
  configs_folder = "{scratch}"
  plugins_folder = "{scratch}/plugins"
  transports_folder = "{scratch}/transports"
  events_folder = "{scratch}/none"
  loggers_folder = "{scratch}/none"
  debug_level = 2
  session_timeout = 0
  event_loops = {event_loops}
  protected_folders = []
}}
certificates: {{ }}
media: {{ rtp_port_range = "20000-29999" }}
nat: {{ ice_lite = true, ice_enforce_list = "{address}" }}
plugins: {{ }}
transports: {{ }}
"""
HTTP = """
general: {{ json = "compact", base_path = "/janus", http = true, port = {port}, ip = "127.0.0.1" }}
admin: {{ admin_http = false }}
"""


class Janus(Server):
    name = "janus"
    event_loops = 1

    @classmethod
    def missing(cls, options):
        if not shutil.which("janus"):
            return "janus is not installed (apt-get install janus)"
        return None if LIBRARIES.exists() else f"janus has no plugins in {LIBRARIES}"

    def version(self):
        return debian_version("janus")

    def command(self, scratch):
        return ["janus", f"--config={scratch}/janus.jcfg", f"--configs-folder={scratch}", "--disable-colors"]

    def prepare(self, scratch):
        """Only what this needs is loaded: of plugins the videoroom, of transports HTTP."""
        for folder, library in (("plugins", "libjanus_videoroom.so"), ("transports", "libjanus_http.so")):
            os.mkdir(f"{scratch}/{folder}")
            os.symlink(LIBRARIES / folder / library, f"{scratch}/{folder}/{library}")
        Path(f"{scratch}/janus.jcfg").write_text(
            MAIN.format(scratch=scratch, address=place.SERVER, event_loops=self.event_loops), encoding="ascii")
        Path(f"{scratch}/janus.transport.http.jcfg").write_text(HTTP.format(port=HTTP_PORT), encoding="ascii")

    def answers(self):
        return _request("GET", "/janus/info")["janus"] == "server_info"

    def connect(self, media, case):
        opened = media.open("webrtc", case)
        session = Session()
        for number in range(len(opened["publishers"])):
            self._publish(session, media, number)
        media.say("wait", publishers_only=True)
        session.wait_for_webrtc(case.publishers)
        for number in range(len(opened["receivers"])):
            self._subscribe(session, media, number, number // case.receivers_each)

    @staticmethod
    def _publish(session, media, number):
        handle = session.attach()
        room = number + 1
        session.ask(handle, {"request": "create", "room": room, "publishers": 1, "videocodec": "vp8", "fir_freq": 0,
                             "bitrate": 0, "permanent": False})
        session.ask(handle, {"request": "join", "ptype": "publisher", "room": room, "id": room})
        offer = media.say("offer", publisher=number)["sdp"]
        event = session.ask(handle, {"request": "publish", "bitrate": 0}, {"type": "offer", "sdp": offer})
        media.say("accept", publisher=number, sdp=event["jsep"]["sdp"])

    @staticmethod
    def _subscribe(session, media, number, publisher):
        handle = session.attach()
        room = publisher + 1
        event = session.ask(handle, {"request": "join", "ptype": "subscriber", "room": room,
                                     "streams": [{"feed": room}]})
        answer = media.say("answer", receiver=number, sdp=event["jsep"]["sdp"])["sdp"]
        session.ask(handle, {"request": "start"}, {"type": "answer", "sdp": answer})


class Session:
    """One Janus session: requests, and the events that answer them."""

    def __init__(self):
        self._path = "/janus/" + str(_request("POST", "/janus", {"janus": "create"})["data"]["id"])
        self._up = set()

    def attach(self):
        handle = _request("POST", self._path, {"janus": "attach", "plugin": "janus.plugin.videoroom"})["data"]["id"]
        return f"{self._path}/{handle}"

    def ask(self, handle, body, jsep=None):
        """The plugin's answer, at once or as an event that carries the request's transaction."""
        request = {"janus": "message", "body": body, "transaction": secrets.token_hex(8)}
        answer = _request("POST", handle, request if jsep is None else {**request, "jsep": jsep})
        if answer["janus"] == "ack":
            answer = self._event(lambda event: event.get("transaction") == request["transaction"])
        data = answer["plugindata"]["data"]
        if "error" in data:
            raise RuntimeError(f"janus: {body['request']}: {data['error']}")
        return answer

    def wait_for_webrtc(self, handles):
        """Until so many of them are up: nobody can subscribe to a publisher before."""
        while len(self._up) < handles:
            self._event(lambda event: event["janus"] == "webrtcup")

    def _event(self, is_it, patience_s=10):
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline:
            event = _request("GET", f"{self._path}?maxev=1")
            if event["janus"] == "webrtcup":
                self._up.add(event["sender"])
            if is_it(event):
                return event
        raise RuntimeError(f"janus: no such event within {patience_s} s")


def _request(method, path, body=None):
    if body is not None:
        body = json.dumps({"transaction": secrets.token_hex(8), **body})
    connection = http.client.HTTPConnection("127.0.0.1", HTTP_PORT, timeout=35)
    try:
        connection.request(method, path, body=body, headers={"Content-Type": "application/json"} if body else {})
        answer = json.loads(connection.getresponse().read())
    finally:
        connection.close()
    if answer["janus"] == "error":
        raise RuntimeError(f"janus: {path}: {answer['error']['reason']}")
    return answer
