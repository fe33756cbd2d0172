"""Participants of rooms, each one tab of Chromium: over WHIP and WHEP, or whatever the page (rooms.js) can do."""

import contextlib
import time
from dataclasses import dataclass

from testbed.chromium import Chromium, Page
from testbed.network import Host
from testbed.web_pages import WebPages


@dataclass(frozen=True)
class Layers:
    """Three-layer simulcast of a `width` x `height` camera; rids from the lowest quality up."""

    width: int
    height: int
    rids: tuple = ("q", "h", "f")
    bit_rates: tuple = (150_000, 500_000, 1_500_000)
    frame_rate: int = 30

    def heights(self) -> list[int]:
        return [self.height // scale for scale in (4, 2, 1)]

    def sources(self) -> dict:
        encodings = [{"rid": rid, "scaleResolutionDownBy": scale, "maxBitrate": rate}
                     for rid, scale, rate in zip(self.rids, (4, 2, 1), self.bit_rates)]
        return {"width": self.width, "height": self.height, "frameRate": self.frame_rate, "encodings": encodings}


# One encoder and three decoders of it leave room on two cores.
SIMULCAST = Layers(1280, 720)
# For many publishers at once.
SINGLE = {"width": 320, "height": 180, "frameRate": 30, "encodings": [{"maxBitrate": 200_000}]}


@dataclass(frozen=True)
class Picture:
    """Of one received video stream, so far."""

    frames: int
    height: int
    freezes: int
    freeze_s: float
    lost: int
    nacks: int
    key_frame_requests: int
    retransmitted: int
    at_s: float


class Participant:
    """A page that is connected, or was. `session` is the path of its WHIP or WHEP resource."""

    def __init__(self, pages: "RoomPages"):
        self._url = pages.url
        self.page: Page = pages.new_page()
        self.session = ""

    def publish(self, url: str, sources: dict, timeout_s: float = 15, **options) -> None:
        self.session = self.page.run("publish", url, sources, options, timeout_s=timeout_s)

    def watch(self, url: str, timeout_s: float = 15, **options) -> None:
        self.session = self.page.run("watch", url, options, timeout_s=timeout_s)

    def endpoint(self) -> str:
        """Its id in the model."""
        return self.session.rsplit("/", 1)[1]

    def reload(self) -> None:
        """As a user does: nobody says goodbye."""
        self.page.open(self._url)

    def report(self) -> dict:
        return self.page.run("report")

    def state(self) -> str:
        return self.report()["state"]

    def layers_sent(self) -> set[str]:
        return {rid for rid, stream in self.report()["sent"].items() if stream.get("framesEncoded", 0) > 0}

    def pictures(self) -> list[Picture]:
        """Of every received video stream."""
        report = self.report()
        return [Picture(entry.get("framesDecoded", 0), entry.get("frameHeight", 0), entry.get("freezeCount", 0),
                        entry.get("totalFreezesDuration", 0), entry.get("packetsLost", 0), entry.get("nackCount", 0),
                        entry.get("pliCount", 0), entry.get("retransmittedPacketsReceived", 0), report["now"] / 1000)
                for entry in report["received"].values() if entry["kind"] == "video"]

    def picture(self) -> Picture:
        pictures = self.pictures()
        assert len(pictures) == 1, f"{len(pictures)} video streams received"
        return pictures[0]

    def audio_packets(self) -> int:
        return sum(entry["packetsReceived"] for entry in self.report()["received"].values()
                   if entry["kind"] == "audio")

    def audio_energy(self) -> float:
        """Rises when something other than silence is heard."""
        return sum(entry.get("totalAudioEnergy", 0) for entry in self.report()["received"].values()
                   if entry["kind"] == "audio")

    def sees_height(self, height: int, within_s: float) -> bool:
        return self.page.run("untilHeight", height, within_s * 1000, timeout_s=within_s + 10)

    def sees_new_frame(self, within_s: float) -> bool:
        return self.page.run("untilNewFrame", within_s * 1000, timeout_s=within_s + 10)

    def hang_up(self) -> None:
        self.page.run("hangUp")


def frame_rates(participants: list[Participant], over_s: float) -> list[float]:
    """Frames decoded per second by each, of its one video stream, in the next `over_s` seconds."""
    before = [participant.picture() for participant in participants]
    time.sleep(over_s)
    after = [participant.picture() for participant in participants]
    return [(b.frames - a.frames) / (b.at_s - a.at_s) for a, b in zip(before, after)]


class RoomPages:
    """A browser in `host` whose every tab is a participant."""

    def __init__(self, browser: Chromium, url: str):
        self._browser = browser
        self.url = url

    def new_page(self) -> Page:
        page = self._browser.new_page()
        page.open(self.url)
        return page

    def participant(self) -> Participant:
        return Participant(self)


@contextlib.contextmanager
def room_pages(host: Host):
    with WebPages(host) as pages, Chromium(host) as browser:
        yield RoomPages(browser, pages.url("rooms.html"))
