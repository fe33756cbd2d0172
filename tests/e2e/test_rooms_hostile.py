"""Hostile input to rooms, from the API's side and from the network's: refused or counted, and nobody else notices."""

import json
import os
import random
import socket
import struct
import time

import pytest
from testbed import stun
from testbed.process import resident_kib, wait_until
from testbed.rooms import control_api, subscription, track, whep, whip
from testbed.rooms_api import ApiError, events_request
from testbed.rooms_page import SINGLE
from testbed.wiretap import Wiretap, is_rtp, payload, with_payload

pytestmark = pytest.mark.penstockd_only
ROOM = "hall"


class Stream:
    """A publisher and a viewer that are to notice nothing."""

    def __init__(self, running, publisher, viewer):
        self.relay = running
        self.api = control_api(running)
        self.publisher = publisher
        self.viewer = viewer

    def publisher_state(self) -> dict:
        return self.api.get(f"/v1/rooms/{ROOM}/endpoints/{self.publisher.endpoint()}")["state"]

    def media_port(self) -> int:
        endpoint = self.api.get(f"/v1/rooms/{ROOM}/endpoints/{self.publisher.endpoint()}")
        return endpoint["local"]["candidates"][0]["port"]


@pytest.fixture
def stream(relay, participant):
    """After the test the viewer has seen and heard everything, from before it on."""
    running = relay(rooms=True)
    made = Stream(running, participant(), participant())
    made.publisher.publish(whip(running, ROOM), SINGLE, family=4)
    made.viewer.watch(whep(running, ROOM), family=4)
    assert made.viewer.sees_height(SINGLE["height"], 5)
    before = made.viewer.picture()
    yield made
    time.sleep(1)
    after = made.viewer.picture()
    assert running.process.running(), running.log()[-2000:]
    assert (after.frames - before.frames) / (after.at_s - before.at_s) >= 25
    assert after.freezes == before.freezes
    assert made.viewer.sees_new_frame(1)


MALFORMED = {
    "empty": b"", "no JSON": b"hello", "half an object": b'{"limits": {"endpoints": 3', "two values": b"{}{}",
    "an array": b"[]", "a number": b"7", "null": b"null", "a NUL": b'{"metadata": "\0"}',
    "no UTF-8": b'{"metadata": "\xff\xfe"}', "half a surrogate": b'{"metadata": "\\ud800"}',
    "deep": b'{"metadata": ' + b"[" * 20000 + b"]" * 20000 + b"}", "a wrong type": b'{"limits": 3}',
    "below zero": b'{"limits": {"endpoints": -1}}', "too large": b'{"limits": {"endpoints": 1e99}}',
    "a fraction": b'{"limits": {"endpoints": 1.5}}', "an unknown member": b'{"colour": "red"}',
    "no number": b'{"limits": {"endpoints": NaN}}', "long metadata": b'{"metadata": "' + b"x" * 5000 + b'"}',
    "too much": b'{"metadata": "' + b"x" * 1_000_000 + b'"}',
}


def test_malformed_bodies_change_nothing(stream):
    before = stream.api.get("/v1/rooms")
    for name, body in MALFORMED.items():
        try:
            answer = stream.api.request("PUT", "/v1/rooms/new", body, Content_Type="application/json")
        except (BrokenPipeError, ConnectionResetError):
            assert name == "too much"  # answered, and closed, before all of it was sent
            continue
        assert 400 <= answer.status < 500, (name, answer)
        assert answer.headers["Content-Type"].startswith("application/problem+json"), (name, answer)
        assert answer.json()["detail"], name
    assert stream.api.get("/v1/rooms")["rooms"][0]["etag"] == before["rooms"][0]["etag"]
    assert len(stream.api.get("/v1/rooms")["rooms"]) == 1


FAULTY = [
    ("PUT", "/v1/rooms/r/endpoints/e", {"ice_ufrag": "x", "ice_pwd": "y" * 22}, "/ice_ufrag"),
    ("PUT", "/v1/rooms/r/endpoints/e", {"dtls_role": "both"}, "/dtls_role"),
    ("PUT", "/v1/rooms/r/endpoints/e", {"fingerprints": [{"hash": "sha-256", "value": "AB:CD"}]},
     "/fingerprints/0/value"),
    ("PUT", "/v1/rooms/r/endpoints/e/tracks/t", {"kind": "smell", "codecs": []}, "/kind"),
    ("PUT", "/v1/rooms/r/endpoints/e/tracks/t", {"kind": "video", "codecs": [{"name": "VP8"}]},
     "/codecs/0/payload_type"),
    ("PUT", "/v1/rooms/r/endpoints/e/tracks/t",
     {"kind": "video", "mid": "0", "codecs": [{"name": "H265", "payload_type": 96}]}, "/codecs/0/name"),
]


@pytest.mark.parametrize("method, path, body, field", FAULTY, ids=[case[3] for case in FAULTY])
def test_errors_name_the_field(relay, method, path, body, field):
    api = control_api(relay(rooms=True))
    api.put("/v1/rooms/r", {})
    api.put("/v1/rooms/r/endpoints/e", {})
    with pytest.raises(ApiError) as refused:
        api.call(method, path, body)
    assert 400 <= refused.value.status < 500
    assert field in json.dumps(refused.value.problem), refused.value.problem


def test_a_batch_with_one_fault_changes_nothing(relay):
    api = control_api(relay(rooms=True))
    operations = [{"method": "PUT", "path": f"/v1/rooms/r{number}", "body": {}} for number in range(50)]
    operations.append({"method": "PUT", "path": "/v1/rooms/nowhere/endpoints/e", "body": {}})
    with pytest.raises(ApiError) as refused:
        api.call("POST", "/v1/batch", {"operations": operations})
    assert "/operations/50" in json.dumps(refused.value.problem)
    assert api.get("/v1/rooms")["rooms"] == []
    api.call("POST", "/v1/batch", {"operations": operations[:-1]})
    assert len(api.get("/v1/rooms")["rooms"]) == 50


def test_collisions_are_refused_beside_what_there_is(stream):
    endpoint = stream.publisher.endpoint()
    shown = stream.api.get(track(ROOM, endpoint))
    twin = {key: shown[key] for key in ("kind", "mid", "codecs", "extensions", "feedback")}
    with pytest.raises(ApiError) as refused:
        stream.api.put(track(ROOM, endpoint, "twin"), twin)  # the same MID
    assert refused.value.status == 409
    twin |= {"mid": "99", "encodings": [{"ssrc": shown["state"]["encodings"][0]["ssrc"] or 1}, {"ssrc": 1}, {"ssrc": 1}]}
    with pytest.raises(ApiError) as refused:
        stream.api.put(track(ROOM, endpoint, "twin"), twin)
    assert 400 <= refused.value.status < 500


RAW = [
    b"PUT /v1/rooms/half HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 400\r\n\r\n{\"meta",
    b"GET /v1/rooms HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
    b"PUT /v1/rooms/two HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 40\r\n\r\n{}",
    b"PUT /v1/rooms/both HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
    b"GET /v1/../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /v1/rooms/%00 HTTP/1.1\r\nHost: x\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500), b"\0" * 4000, b"GET",
]


def test_half_requests_and_no_requests(stream):
    opened = []
    for words in RAW:
        opened.append(stream.api.connect())
        try:
            opened[-1].sendall(words)
        except (BrokenPipeError, ConnectionResetError):
            pass
    time.sleep(0.5)
    for one in opened:
        one.close()
    assert [room["id"] for room in stream.api.get("/v1/rooms")["rooms"]] == [ROOM]


def test_a_listener_that_never_reads_its_events(stream):
    deaf = stream.api.connect()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.sendall(events_request("127.0.0.1:8080"))
    with stream.api.events() as events:
        stream.api.put("/v1/rooms/loud", {})
        operations = [{"method": "PUT", "path": "/v1/rooms/loud", "body": {"metadata": f"{number} " + "x" * 100}}
                      for number in range(250)]
        for turn in range(24):
            stream.api.call("POST", "/v1/batch", {"operations": operations})
            if turn == 3:
                memory = resident_kib(stream.relay.pid)
        wait_until(lambda: len(events.of_type("room.updated")) >= 4000 or events.of_type("reset"), 10,
                   "those who read hear of everything")
        growth_kib = resident_kib(stream.relay.pid) - memory
        assert growth_kib < 16 * 1024 or stream.relay.sanitized(), growth_kib
    deaf.close()
    stream.api.delete("/v1/rooms/loud")


def test_checks_with_wrong_user_names_and_passwords(network, stream):
    endpoint = stream.api.get(f"/v1/rooms/{ROOM}/endpoints/{stream.publisher.endpoint()}")
    known = endpoint["local"]["ice_ufrag"]
    controlling, priority, use_candidate = (0x802A, bytes(8)), (0x24, bytes(4)), (0x25, b"")  # RFC 8445 section 16.1
    with network.attacker.entered():
        attacker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    attacker.connect((network.relay.ipv4, stream.media_port()))
    for number in range(400):
        name = f"{known if number % 2 else os.urandom(4).hex()}:{os.urandom(2).hex()}".encode()
        attacker.send(stun.encode(stun.BINDING, stun.REQUEST,
                                  [(stun.USERNAME, name), controlling, priority, use_candidate],
                                  key=os.urandom(22), fingerprint=True))
        if number % 50 == 49:
            time.sleep(0.02)
    attacker.settimeout(0.3)
    answers = 0
    try:
        while True:
            assert not stun.decode(attacker.recv(2048)).succeeded
            answers += 1
    except TimeoutError:
        pass
    assert answers <= 400
    wait_until(lambda: stream.publisher_state()["checks_refused"] >= 150, 5, "refusals counted")  # of 200
    assert stream.relay.dropped("check_unknown") >= 150
    assert stream.publisher_state()["ice"] == "connected"


def test_dtls_from_an_address_that_passed_no_check(network, stream):
    client_hello = b"\x16\xfe\xff\0\0" + bytes(6) + struct.pack("!H", 200) + b"\1" + os.urandom(199)
    with network.attacker.entered():
        attacker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    attacker.connect((network.relay.ipv4, stream.media_port()))
    for _ in range(200):
        attacker.send(client_hello)
    attacker.settimeout(0.5)
    with pytest.raises(TimeoutError):
        attacker.recv(2048)
    assert stream.relay.dropped("unchecked_pair") >= 150  # of 200; the kernel may lose some of a burst


def test_replayed_and_forged_media(network, stream):
    with Wiretap(network, network.relay) as wire:
        captured = wire.datagrams(stream.media_port(), is_rtp, 100)
        assert len(captured) == 100
        before = stream.publisher_state()
        for frame in captured:
            wire.send(frame)
            time.sleep(0.001)
        wait_until(lambda: stream.publisher_state()["replays"] - before["replays"] >= 75, 5, "replays counted")
        for frame in captured:
            original = payload(frame)
            # A sequence number that is yet to come, so that nothing but its tag speaks against it.
            ahead = struct.pack("!H", (struct.unpack("!H", original[2:4])[0] + 2000) & 0xFFFF)
            wire.send(with_payload(frame, original[:2] + ahead + original[4:]))
            spot = random.randrange(12, len(original))
            wire.send(with_payload(frame, original[:spot] + bytes([original[spot] ^ 1]) + original[spot + 1:]))
            time.sleep(0.001)
        wait_until(lambda: stream.publisher_state()["authentication_failures"] - before["authentication_failures"]
                   >= 75, 5, "forgeries counted")
    assert stream.publisher_state()["ice"] == "connected"


def test_media_from_a_stranger(network, stream):
    with Wiretap(network, network.relay) as wire:
        captured = [payload(frame) for frame in wire.datagrams(stream.media_port(), is_rtp, 100)]
    before = stream.publisher_state()
    with network.attacker.entered():
        attacker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    for datagram in captured:
        attacker.sendto(datagram, (network.relay.ipv4, stream.media_port()))
    time.sleep(0.5)
    state = stream.publisher_state()
    assert state["remote_address"] == before["remote_address"]
    assert (state["replays"], state["authentication_failures"]) == (before["replays"], before["authentication_failures"])


def test_whip_bodies_that_are_no_offers(stream):
    url = f"/whip/{ROOM}"
    before = stream.api.get(f"/v1/rooms/{ROOM}/endpoints")["endpoints"]
    sdp = stream.publisher.page.evaluate("connection.localDescription.sdp").encode()
    bodies = [b"", b"v=0\r\n", sdp[:200], sdp.replace(b"a=fingerprint:sha-256 ", b"a=fingerprint:sha-0 "),
              sdp.replace(b"a=ice-pwd:", b"a=ice-pwd:\0"), b"v=0\r\n" + b"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" * 3000,
              os.urandom(4000), sdp.replace(b"a=setup:actpass", b"a=setup:holdconn")]
    for body in bodies:
        answer = stream.api.request("POST", url, body, Content_Type="application/sdp")
        assert 400 <= answer.status < 500, (body[:60], answer)
    assert stream.api.request("POST", url, sdp, Content_Type="text/plain").status == 415
    for number in range(0, len(sdp), 97):  # cut anywhere: an answer or a refusal, never a crash
        answer = stream.api.request("POST", "/whip/cut", sdp[:number], Content_Type="application/sdp")
        assert answer.status < 500, answer
    after = stream.api.get(f"/v1/rooms/{ROOM}/endpoints")["endpoints"]
    assert [endpoint["id"] for endpoint in before] == [endpoint["id"] for endpoint in after]
    assert stream.api.get(subscription(ROOM, stream.viewer.endpoint()))["track"]["endpoint"] \
        == stream.publisher.endpoint()
