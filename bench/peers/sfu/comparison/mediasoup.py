"""A mediasoup worker, where there is one: the package's own library programs it, our endpoints on both sides.

    MEDIASOUP=/path/to/node_modules/mediasoup [MEDIASOUP_WORKER_BIN=/path/to/mediasoup-worker]
"""

import json
import os
import shutil
import subprocess
from pathlib import Path

from . import place
from .server import Server

SIGNALING = Path(__file__).resolve().parent / "mediasoup_rooms.mjs"


def package():
    return Path(os.environ.get("MEDIASOUP", "/usr/lib/node_modules/mediasoup"))


def worker():
    return Path(os.environ.get("MEDIASOUP_WORKER_BIN", package() / "worker/out/Release/mediasoup-worker"))


def entry():
    """The file that the package calls its main one."""
    return package() / json.loads((package() / "package.json").read_text(encoding="utf-8"))["main"]


class Mediasoup(Server):
    """The process started is node's; the one measured is the worker."""

    name = "mediasoup"
    stdin, stdout = subprocess.PIPE, subprocess.PIPE

    @classmethod
    def missing(cls, options):
        if not shutil.which("node"):
            return "node is not installed (apt-get install nodejs)"
        if not (package() / "package.json").exists():
            return f"there is no {package()}; MEDIASOUP says where the npm package is"
        return None if worker().exists() else f"there is no {worker()}; MEDIASOUP_WORKER_BIN says where the worker is"

    def version(self):
        return json.loads((package() / "package.json").read_text(encoding="utf-8"))["version"]

    def command(self, scratch):
        return ["node", str(SIGNALING), place.SERVER, str(entry())]

    @property
    def environment(self):
        return {**os.environ, "MEDIASOUP_WORKER_BIN": str(worker())}

    @property
    def pid(self):
        return self._worker

    def answers(self):
        self._worker = self._say("pid")["pid"]
        return True

    def connect(self, media, case):
        opened = media.open("webrtc", case)
        publishers = [self._say("publish", room=number, remote=remote)["local"]
                      for number, remote in enumerate(opened["publishers"])]
        receivers = [self._say("subscribe", room=number // case.receivers_each, remote=remote)["local"]
                     for number, remote in enumerate(opened["receivers"])]
        media.say("connect", publishers=publishers, receivers=receivers)

    def _say(self, what, **details):
        self.process.stdin.write((json.dumps({"do": what, **details}) + "\n").encode())
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"mediasoup: no answer to {what}\n{self.complaint()}")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"mediasoup: {answer['error']}")
        return answer
