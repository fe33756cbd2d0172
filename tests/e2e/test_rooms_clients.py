"""Clients that are no browsers: the example of a signaling server, aiortc and GStreamer over WHIP and WHEP."""

import base64
import hashlib
import hmac
import json
import signal
import subprocess
import time
import urllib.error
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
WHIP_SECRET = "the-secret-that-signs-tokens-of-whip"
ROOM = "studio"
HUE = 60


@pytest.fixture
def open_to_others(relay, network, tmp_path, monkeypatch):
    """The API, WHIP and WHEP on the network, as it takes them: with TLS, tokens and JWTs. (relay, its URL)"""
    certificate, key = tmp_path / "api.pem", tmp_path / "api.key"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                    "-subj", "/CN=relay", "-addext", f"subjectAltName=IP:{network.relay.ipv4}", "-days", "2",
                    "-keyout", key, "-out", certificate], check=True, capture_output=True, timeout=20)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))  # clients believe in it, those here and in other processes
    address = f"{network.relay.ipv4}:{HTTP_PORT}"
    http = {"listen": [address], "tls_certificate": str(certificate), "tls_key": str(key), "tokens": [TOKEN],
            "whip_secrets": [WHIP_SECRET]}
    return relay(settings={"http": http}), f"https://{address}"


def example(host, url: str, *options: str) -> Process:
    return Process(host, str(EXAMPLE), "--api", url, "--token", TOKEN, "--room", ROOM, *options)


def jwt(secret: str, role: str) -> str:
    def part(data: bytes) -> bytes:
        return base64.urlsafe_b64encode(data).rstrip(b"=")

    claims = {"room": ROOM, "role": role, "exp": int(time.time()) + 60}
    body = part(b'{"alg":"HS256"}') + b"." + part(json.dumps(claims).encode())
    return (body + b"." + part(hmac.digest(secret.encode(), body, hashlib.sha256))).decode()


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
    def test_three_participants_see_and_hear_each_other(self, open_to_others, network):
        _, url = open_to_others
        with example(network.client, url, "--seconds", "2") as process:
            assert process.wait(60) == 0, process.output()
        assert "  0 packets were forwarded meanwhile" in process.output()
        assert "room.deleted" in process.output()

    def test_its_room_goes_with_its_lease(self, open_to_others, network):
        """Killed in the middle of the call. The room stays for a while, and not longer."""
        running, url = open_to_others
        with example(network.client, url, "--seconds", "30") as process:
            wait_until(lambda: "everybody sees" in process.output(), 40, "media flows")
            process.signal(signal.SIGKILL)
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


    def test_tokens_over_tls_and_sessions_that_outlive_their_secret(self, open_to_others, network):
        running, url = open_to_others
        with AiortcPeer(network.client, jwt(WHIP_SECRET, "publish")) as publisher, \
                AiortcPeer(network.peer, jwt(WHIP_SECRET, "subscribe")) as viewer, \
                AiortcPeer(network.peer, jwt(WHIP_SECRET, "subscribe")) as late:
            publisher.publish(f"{url}/whip/{ROOM}", HUE)
            viewer.watch(f"{url}/whep/{ROOM}")
            assert_watches(viewer, HUE)
            running.options.settings["http"]["whip_secrets"] = [WHIP_SECRET[::-1]]
            running.write_configuration()
            running.process.signal(signal.SIGHUP)
            wait_until(lambda: "reloaded" in running.log(), 5, "the configuration is taken over")
            with pytest.raises(urllib.error.HTTPError) as refused:
                late.watch(f"{url}/whep/{ROOM}")
            assert refused.value.code == 401
            assert_watches(viewer, HUE)
        assert room_count(running) == 0  # both could hang up


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
