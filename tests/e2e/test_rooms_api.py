"""Browsers in one room through the control API alone: the test is the signaling server."""

import signal
import time

import pytest
from testbed.process import wait_until
from testbed.rooms import control_api, subscription, track
from testbed.rooms_api import ApiError
from testbed.rooms_call import introduce, join
from testbed.rooms_page import SINGLE

pytestmark = pytest.mark.penstockd_only
ROOM = "table"
NAMES = ("ada", "bob", "eve")


@pytest.fixture
def call(relay, participant):
    """A function that seats three browsers at one table: {name: participant}. The room is made first if `room` is."""

    def seat(api, room=None) -> dict:
        api.put(f"/v1/rooms/{ROOM}", room or {})
        seated = {name: participant() for name in NAMES}
        for name, one in seated.items():
            join(api, ROOM, name, one, SINGLE, others=len(NAMES) - 1)
        introduce(api, ROOM)
        for one in seated.values():
            assert one.sees_height(SINGLE["height"], 10), one.report()
        return seated

    return seat


def assert_media_flows(seated: dict, for_s: float = 2) -> None:
    heard = {name: one.audio_packets() for name, one in seated.items()}
    seen = {name: one.pictures() for name, one in seated.items()}
    time.sleep(for_s)
    for name, one in seated.items():
        assert one.audio_packets() - heard[name] >= 60 * for_s  # of 100: two others
        for before, after in zip(seen[name], one.pictures()):
            assert after.frames - before.frames >= 20 * for_s, (name, before, after)


def test_three_browsers_see_and_hear_each_other(relay, call):
    api = control_api(relay(rooms=True))
    with api.events() as events:
        seated = call(api)
        assert_media_flows(seated)
        for one in seated.values():
            assert len(one.pictures()) == 2
        assert {event["endpoint"] for event in events.of_type("endpoint.dtls") if event["state"] == "secured"} \
            == set(NAMES)
        assert {(event["endpoint"], event["track"]) for event in events.of_type("track.encoding") if event["active"]} \
            == {(name, kind) for name in NAMES for kind in ("audio", "video")}
    shown = api.get(track(ROOM, "ada"))
    assert shown["state"]["subscriptions"] == 2
    assert shown["state"]["encodings"][0]["height"] == SINGLE["height"]


def test_leaving_is_seen_by_nobody_else(relay, call):
    api = control_api(relay(rooms=True))
    seated = call(api)
    api.delete(f"/v1/rooms/{ROOM}/endpoints/eve")
    del seated["eve"]
    left = [api.get(subscription(ROOM, "ada", f"video-{number}"))["track"] for number in (1, 2)]
    assert left == [{"endpoint": "bob", "track": "video"}, None]
    before = {name: one.pictures() for name, one in seated.items()}
    time.sleep(2)
    for name, one in seated.items():
        assert any(b.frames - a.frames >= 40 for a, b in zip(before[name], one.pictures())), name


def test_media_outlives_the_signaling_server(relay, call):
    """Its events stream breaks off and what it knew is gone; its successor reads what exists and goes on."""
    running = relay(rooms=True)
    first = control_api(running)
    with first.events():
        seated = call(first)
    del first
    assert_media_flows(seated, for_s=3)

    successor = control_api(running)
    assert [room["id"] for room in successor.get("/v1/rooms")["rooms"]] == [ROOM]
    introduce(successor, ROOM)  # the same again: nothing changes
    assert_media_flows(seated)
    path = subscription(ROOM, "ada", "video-1")
    successor.patch(path, {"paused": True})
    assert successor.get(path)["paused"] is True


def test_a_lease_takes_the_room_away_with_its_owner(relay, call):
    api = control_api(relay(rooms=True))
    seated = call(api, {"lease": {"owner": "signaling-1", "duration_s": 5}})
    for _ in range(3):  # renewed in time, it stays
        time.sleep(2)
        assert api.call("POST", "/v1/leases/signaling-1")["renewed"] == 1
    assert_media_flows(seated, for_s=1)
    wait_until(lambda: api.get("/v1/rooms")["rooms"] == [], 10, "the lease ended")
    time.sleep(0.5)
    assert not seated["ada"].sees_new_frame(1)


def test_a_restarted_relay_has_another_epoch(relay, call):
    running = relay(rooms=True)
    api = control_api(running)
    with api.events() as events:
        seated = call(api)
        wait_until(events.last_id, 5, "an event")
        last = events.last_id()
    epoch = api.get("/v1")["epoch"]
    running.process.signal(signal.SIGKILL)
    running.process.wait(10)

    api = control_api(relay(rooms=True))
    assert api.get("/v1")["epoch"] != epoch
    with api.events(last_event_id=last) as events:
        wait_until(lambda: events.of_type("reset"), 5, "told that the past is another epoch's")
    with pytest.raises(ApiError) as gone:
        api.get(f"/v1/rooms/{ROOM}")
    assert gone.value.status == 404
    for one in seated.values():
        one.reload()
    api.put(f"/v1/rooms/{ROOM}", {})
    for name, one in seated.items():
        join(api, ROOM, name, one, SINGLE, others=len(NAMES) - 1)
    introduce(api, ROOM)
    assert_media_flows(seated)
