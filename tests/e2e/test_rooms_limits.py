"""What signaling may ask of a call that goes on: a cap on a publisher, a pause, a key frame."""

import time

import pytest
from testbed.process import wait_until
from testbed.rooms import control_api, subscription, track, whep, whip
from testbed.rooms_page import SIMULCAST, frame_rates

pytestmark = pytest.mark.penstockd_only
ROOM = "stage"
HEIGHTS = SIMULCAST.heights()


@pytest.fixture
def call(relay, participant):
    running = relay(rooms=True)
    publisher, viewer = participant(), participant()
    publisher.publish(whip(running, ROOM), SIMULCAST.sources())
    viewer.watch(whep(running, ROOM))
    assert viewer.sees_height(HEIGHTS[-1], 20), viewer.report()
    return control_api(running), publisher, viewer


def published_bit_rate(api, publisher) -> int:
    return api.get(f"/v1/rooms/{ROOM}/endpoints/{publisher.endpoint()}")["state"]["received_bit_rate"]


def test_a_capped_publisher_sends_no_more_than_that(call):
    api, publisher, viewer = call
    cap = 300_000
    wait_until(lambda: published_bit_rate(api, publisher) > 2 * cap, 15, "more than the cap", 0.3)
    api.patch(f"/v1/rooms/{ROOM}/endpoints/{publisher.endpoint()}", {"max_publish_bit_rate": cap})
    wait_until(lambda: published_bit_rate(api, publisher) < 1.2 * cap, 10, "the cap is kept", 0.3)
    assert viewer.sees_height(HEIGHTS[0], 5), "what is left is the lowest layer"
    api.patch(f"/v1/rooms/{ROOM}/endpoints/{publisher.endpoint()}", {"max_publish_bit_rate": 0})
    wait_until(lambda: published_bit_rate(api, publisher) > 2 * cap, 30, "without a cap it grows again", 0.5)


def test_a_paused_subscription_is_silent_and_comes_back_at_once(call):
    api, _, viewer = call
    api.patch(subscription(ROOM, viewer.endpoint()), {"paused": True})
    wait_until(lambda: frame_rates([viewer], over_s=0.5)[0] == 0, 3, "no more frames", 0.1)
    api.patch(subscription(ROOM, viewer.endpoint()), {"paused": False})
    asked = time.monotonic()
    assert viewer.sees_new_frame(1), "within a second"
    assert time.monotonic() - asked < 1.5
    assert viewer.sees_height(HEIGHTS[-1], 3)


def test_a_key_frame_comes_when_asked_for(call):
    api, publisher, _ = call
    video = track(ROOM, publisher.endpoint())

    def key_frames() -> int:
        return sum(encoding["key_frames"] for encoding in api.get(video)["state"]["encodings"])

    before = key_frames()
    api.call("POST", f"{video}/keyframe")
    wait_until(lambda: key_frames() > before, 2, "a key frame", 0.1)
