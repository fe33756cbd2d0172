"""What an operator sees of a call: penstockctl's tables and the metrics."""

import json

import pytest
from testbed.metrics import total
from testbed.process import Process, wait_until
from testbed.relay import API_PORT, binary_directory
from testbed.rooms import whep, whip
from testbed.rooms_page import SIMULCAST

pytestmark = pytest.mark.penstockd_only
ROOM = "stage"


def ctl(relay, *words: str) -> str:
    api = ("--api", f"http://127.0.0.1:{API_PORT}")
    process = Process(relay.host, str(binary_directory() / "penstockctl"), *words, *api)
    assert process.wait(10) == 0, process.output()
    return process.output()


def rows(table: str) -> list[list[str]]:
    return [line.split() for line in table.strip().splitlines()]


@pytest.fixture
def call(relay, participant):
    running = relay(rooms=True)
    publisher, viewer = participant(), participant()
    publisher.publish(whip(running, ROOM), SIMULCAST.sources())
    viewer.watch(whep(running, ROOM))
    assert viewer.sees_height(SIMULCAST.heights()[-1], 20), viewer.report()
    return running, publisher, viewer


def test_penstockctl_lists_the_room_and_who_is_in_it(call):
    running, publisher, viewer = call
    assert rows(ctl(running, "rooms"))[1][:5] == [ROOM, "0", "2", "2", "2"]
    listed = {row[0]: row for row in rows(ctl(running, "endpoints", ROOM))[1:]}
    assert set(listed) == {publisher.endpoint(), viewer.endpoint()}
    assert [row[1:5] for row in listed.values()] == [["0", "connected", "secured", "AEAD_AES_128_GCM"]] * 2
    published = ctl(running, "subscriptions", ROOM, publisher.endpoint())
    assert [row[2] for row in rows(published) if row and row[0] == "video"] == list(SIMULCAST.rids)
    watched = [row for row in rows(ctl(running, "subscriptions", ROOM, viewer.endpoint())) if row[0] == "video"]
    assert watched[0][1:4] == [f"{publisher.endpoint()}/video", "video", "2"]
    as_json = json.loads(ctl(running, "endpoints", ROOM, "--json"))
    assert {endpoint["id"] for endpoint in as_json} == set(listed)


def test_top_shows_live_rates(call):
    running, *_ = call
    wait_until(lambda: [row for row in rows(ctl(running, "top", "--count", "1")) if row and row[0] == ROOM
                        and int(row[-1]) > 100], 5, "a rate in top", 0.5)


def test_metrics_tell_of_the_call(call):
    running, *_ = call
    wait_until(lambda: total(running.metrics(), "penstock_sfu_forwarded_packets_total") > 50, 5, "media", 0.2)
    samples = running.metrics()
    assert total(samples, "penstock_rooms") == 1
    assert total(samples, "penstock_endpoints", ice="connected") == 2
    assert total(samples, "penstock_dtls_handshakes_total", result="secured") == 2
    assert total(samples, "penstock_srtp_profiles_total", profile="AEAD_AES_128_GCM") == 2
    assert total(samples, "penstock_sfu_forward_latency_seconds_count") > 50
    assert total(samples, "penstock_sfu_srtp_refused_total") == 0
    assert not [s for s in samples if ROOM in s.labels.values()], "no labels by room"
