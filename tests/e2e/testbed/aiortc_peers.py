"""aiortc over WHIP and WHEP: publishers of a generated picture and tone, and viewers that count what they decode."""

import asyncio
import sys
import threading
import urllib.parse
import urllib.request
from pathlib import Path

from testbed.network import Host

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "control/api/examples"))

from aiortc import RTCPeerConnection, RTCSessionDescription  # noqa: E402  (the path above has to come first)
from aiortc.mediastreams import MediaStreamError  # noqa: E402
from generated_media import Picture, Tone, hue_of  # noqa: E402

_KINDS = ("audio", "video")


class AiortcPeer:
    """One session; `with` or close() ends it. Its loop runs on a thread inside `host`, and so do its sockets."""

    def __init__(self, host: Host, token: str = ""):
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.frames = {kind: 0 for kind in _KINDS}
        self.hue = -1  # of the latest picture
        self.height = 0
        self.session = ""  # the URL of its WHIP or WHEP resource
        self._host = host
        self._loop = asyncio.new_event_loop()
        self._tasks: list[asyncio.Task] = []
        self._peer: RTCPeerConnection | None = None
        threading.Thread(target=self._live, daemon=True).start()

    def _live(self) -> None:
        with self._host.entered():
            self._loop.run_forever()

    def _run(self, coroutine, timeout_s: float = 20):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout_s)

    def publish(self, url: str, hue: int) -> None:
        self._run(self._begin(url, [(Tone(440), "sendonly"), (Picture(hue), "sendonly")]))

    def watch(self, url: str) -> None:
        self._run(self._begin(url, [(kind, "recvonly") for kind in _KINDS]))

    def state(self) -> str:
        return self._peer.connectionState

    async def _begin(self, url: str, sections: list) -> None:
        self._peer = RTCPeerConnection()
        for what, direction in sections:
            self._peer.addTransceiver(what, direction=direction)
        await self._peer.setLocalDescription(await self._peer.createOffer())
        answer = await self._post(url, self._peer.localDescription.sdp)
        await self._peer.setRemoteDescription(RTCSessionDescription(answer, "answer"))
        self._tasks = [asyncio.ensure_future(self._receive(receiver.track))
                       for receiver in self._peer.getReceivers() if receiver.track]

    async def _post(self, url: str, offer: str) -> str:
        headers = self._headers | {"Content-Type": "application/sdp"}
        request = urllib.request.Request(url, offer.encode(), headers, method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 201
            self.session = urllib.parse.urljoin(url, answer.headers["Location"])
            return answer.read().decode()

    async def _receive(self, track) -> None:
        try:
            while True:
                frame = await track.recv()
                self.frames[track.kind] += 1
                if track.kind == "video":
                    self.hue, self.height = hue_of(frame), frame.height
        except MediaStreamError:
            pass  # the end

    async def _end(self) -> None:
        if self.session:
            request = urllib.request.Request(self.session, headers=self._headers, method="DELETE")
            with urllib.request.urlopen(request, timeout=10):
                self.session = ""
        for task in self._tasks:
            task.cancel()
        if self._peer:
            await self._peer.close()

    def close(self) -> None:
        """Hangs up by DELETE. A second time does nothing."""
        if self._loop.is_running():
            try:
                self._run(self._end())
            finally:
                self._loop.call_soon_threadsafe(self._loop.stop)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
