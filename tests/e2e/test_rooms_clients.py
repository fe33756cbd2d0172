"""Clients that are no browsers: the example of a signaling server, aiortc and GStreamer over WHIP and WHEP."""

import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

import pytest
from testbed import metrics, rooms
from testbed.aiortc_peers import AiortcPeer
from testbed.process import Process, wait_until
from testbed.relay import HTTP_PORT

EXAMPLE = Path(__file__).resolve().parents[2] / "control/api/examples/three_participants"
GSTREAMER = Path(__file__).resolve().parent / "testbed/gstreamer_peer.py"
TOKEN = "what-the-signaling-server-shows"
ROOM = "studio"
HUE = 60


@pytest.fixture
def distant_api(relay, network, tmp_path):
    """The control API on the network, which takes TLS and a token: (relay, command line of the example, environment)."""
    certificate, key = tmp_path / "api.pem", tmp_path / "api.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=relay", "-addext", f"subjectAltName=IP:{network.relay.ipv4}", "-days", "2",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True, timeout=20)
    address = f"{network.relay.ipv4}:{HTTP_PORT}"
    running = relay(settings={"http": {"listen": [address], "tls_certificate": str(certificate),
                                       "tls_key": str(key), "tokens": [TOKEN]}})
    command = [str(EXAMPLE), "--api", f"https://{address}", "--token", TOKEN, "--room", ROOM]
    return running, command, {"SSL_CERT_FILE": str(certificate)}


def assert_watches(viewer: AiortcPeer, hue: int | None = None) -> None:
    """The publisher's picture, of that hue, and its sound. Software codecs of both ends share the machine."""
    wait_until(lambda: viewer.frames["audio"] and viewer.frames["video"], 15, f"media: {viewer.frames}")
    if hue is not None:
        wait_until(lambda: abs(viewer.hue - hue) < 20, 10, "the picture of this publisher")
    before = dict(viewer.frames)
    time.sleep(2)
    assert viewer.frames["video"] - before["video"] >= 20  # of 40
    assert viewer.frames["audio"] - before["audio"] >= 50  # of 100
    assert viewer.height == 240


def room_count(relay) -> float:
    return metrics.total(relay.metrics(), "penstock_rooms")


class TestExample:
    def test_three_participants_see_and_hear_each_other(self, distant_api, network):
        _, command, environment = distant_api
        with Process(network.client, *command, "--seconds", "2", environment=environment) as example:
            assert example.wait(60) == 0, example.output()
        assert "  0 packets were forwarded meanwhile" in example.output()
        assert "room.deleted" in example.output()

    def test_its_room_goes_with_its_lease(self, distant_api, network):
        """Killed in the middle of the call. The room stays for a while, and not longer."""
        running, command, environment = distant_api
        with Process(network.client, *command, "--seconds", "30", environment=environment) as example:
            wait_until(lambda: "everybody sees" in example.output(), 40, "media flows")
            example.signal(signal.SIGKILL)
        assert room_count(running) == 1
        wait_until(lambda: room_count(running) == 0, 15, "the lease ended the room")


class TestAiortc:
    @pytest.mark.parametrize("family", [4, 6])
    def test_publishes_by_whip_and_plays_by_whep(self, relay, network, family):
        running = relay(rooms=True)
        with AiortcPeer(network.client) as publisher, AiortcPeer(network.peer) as viewer:
            publisher.publish(rooms.whip(running, ROOM, family), HUE)
            viewer.watch(rooms.whep(running, ROOM, family))
            assert_watches(viewer, HUE)
        assert rooms.control_api(running).get("/v1/rooms")["rooms"] == []  # the last one's hanging up ended it

    def test_a_viewer_may_come_first_and_follows_the_next_publisher(self, relay, network):
        running = relay(rooms=True)
        with AiortcPeer(network.peer) as viewer:
            viewer.watch(rooms.whep(running, ROOM))
            for hue in (HUE, 255 - HUE):
                with AiortcPeer(network.client) as publisher:
                    publisher.publish(rooms.whip(running, ROOM), hue)
                    assert_watches(viewer, hue)


class TestGstreamer:
    def test_publishes_to_an_aiortc_viewer(self, relay, network):
        running = relay(rooms=True)
        api = rooms.control_api(running)
        with gstreamer(network.client, "publish", rooms.whip(running, ROOM)) as publisher, \
                AiortcPeer(network.peer) as viewer:
            wait_until(lambda: sessions(api, "whip"), 20, "a session of GStreamer's")
            viewer.watch(rooms.whep(running, ROOM))
            assert_watches(viewer)
            state = api.get(f"/v1/rooms/{ROOM}/endpoints/{sessions(api, 'whip')[0]}")["state"]
            assert state["srtp_profile"] == "AES128_CM_SHA1_80"
            assert state["unknown_streams"] == 0  # known by the SSRCs of its offer, as it sends no MID
            assert_ends_its_session(publisher, api, "whip")

    def test_watches_an_aiortc_publisher(self, relay, network):
        running = relay(rooms=True)
        api = rooms.control_api(running)
        with AiortcPeer(network.client) as publisher, \
                gstreamer(network.peer, "watch", rooms.whep(running, ROOM)) as viewer:
            publisher.publish(rooms.whip(running, ROOM), HUE)
            wait_until(lambda: {"audio", "video"} <= decoded(viewer).keys(), 20, "media")
            before = decoded(viewer)
            time.sleep(2)
            after = decoded(viewer)
            assert after["video"] - before["video"] >= 20  # of 40
            assert after["audio"] - before["audio"] >= 50  # of 100
            assert_ends_its_session(viewer, api, "whep")


def gstreamer(host, role: str, url: str) -> Process:
    return Process(host, "/usr/bin/python3", str(GSTREAMER), role, url)


def decoded(viewer: Process) -> Counter:
    """Buffers by kind so far."""
    return Counter(line for line in viewer.output().splitlines() if line in ("audio", "video"))


def sessions(api, role: str) -> list[str]:
    """Ids of "whip" or "whep" sessions in the room."""
    if not api.get("/v1/rooms")["rooms"]:
        return []
    endpoints = api.get(f"/v1/rooms/{ROOM}/endpoints")["endpoints"]
    return [endpoint["id"] for endpoint in endpoints if endpoint["id"].startswith(role)]


def assert_ends_its_session(peer: Process, api, role: str) -> None:
    peer.signal(signal.SIGTERM)
    assert peer.wait(10) == 0, peer.output()[-4000:]
    assert sessions(api, role) == []
