"""A publisher and a viewer, both Chromium, in a quiet room; hostile neighbours on the same worker. The quiet room loses
nothing, and what was done to the relay is limited and counted."""

import time

import pytest
from testbed import metrics
from testbed.floods import BusySignaling, Neighbours, load_generator
from testbed.rooms import control_api, track, whep, whip
from testbed.rooms_page import SINGLE

pytestmark = [pytest.mark.penstockd_only,
              pytest.mark.skipif(load_generator() is None, reason="penstock_sfu_load is not built (PENSTOCK_BENCH)")]
ROOM = "quiet"
FLOOD_S = 2
FLOOD_PPS = 3000  # software codecs of both browsers, a sanitized relay and the flood share two cores
SMALL = {"layers": 1, "bit_rate": 200_000}  # what the hostile room's publisher sends


class QuietRoom:
    def __init__(self, running, publisher, viewer):
        self.relay, self.publisher, self.viewer = running, publisher, viewer

    def lost_on_the_way_in(self) -> int:
        state = control_api(self.relay).get(track(ROOM, self.publisher.endpoint()))["state"]
        return sum(encoding["lost"] for encoding in state["encodings"])

    def counted(self, name: str, **labels) -> float:
        return metrics.total(self.relay.metrics(), name, **labels)


@pytest.fixture
def quiet(relay, participant, request):
    """After the test its viewer has seen everything since before the test: no packet was lost, no picture stood still.
    A parameter is the relay's settings under [media]."""
    running = relay(rooms=True, settings={"media": getattr(request, "param", {})})
    room = QuietRoom(running, participant(), participant())
    room.publisher.publish(whip(running, ROOM), SINGLE, family=4)
    room.viewer.watch(whep(running, ROOM), family=4)
    assert room.viewer.sees_height(SINGLE["height"], 5)
    before, lost_before = room.viewer.picture(), room.lost_on_the_way_in()
    yield room
    time.sleep(0.5)
    after = room.viewer.picture()
    assert running.process.running(), running.log()[-2000:]
    assert after.lost == before.lost
    assert room.lost_on_the_way_in() == lost_before
    assert after.freezes == before.freezes
    assert (after.frames - before.frames) / (after.at_s - before.at_s) >= 20  # of 30


GARBAGE = {
    "stun": ("penstock_packets_dropped_total", {"reason": "check_forged"}),
    "dtls": ("penstock_packets_dropped_total", {"reason": "unchecked_pair"}),
    "media": ("penstock_packets_dropped_total", {"reason": "unchecked_pair"}),
}


@pytest.mark.parametrize("kind", GARBAGE)
def test_garbage_from_strangers(quiet, kind):
    name, labels = GARBAGE[kind]
    before = quiet.counted(name, **labels)
    with Neighbours(quiet.relay, kind, FLOOD_PPS, FLOOD_S, **SMALL) as neighbours:
        pass
    assert neighbours.step()["garbage_pps"] >= FLOOD_PPS / 4
    assert quiet.counted(name, **labels) - before >= FLOOD_PPS / 4 * FLOOD_S / 2


def test_viewers_that_ask_for_everything_again_and_for_key_frames(quiet):
    with Neighbours(quiet.relay, "feedback", 0, FLOOD_S, **SMALL) as neighbours:
        pass
    asked = quiet.counted("penstock_sfu_nacked_packets_total", direction="received")
    again = quiet.counted("penstock_sfu_retransmitted_packets_total", direction="sent")
    refused = sum(quiet.counted("penstock_sfu_retransmissions_refused_total", reason=reason)
                  for reason in ("held_back", "not_kept"))
    assert asked > 10_000
    assert again < asked / 20  # not twice within a round trip, and paced
    assert again + refused >= asked * 0.9
    # Ten viewers wish for one hundreds of times a second each. Most of it is more feedback than a viewer may send; of
    # the rest the publisher hears now and then.
    beyond = quiet.counted("penstock_packets_dropped_total", reason="rtcp_overload")
    wished = quiet.counted("penstock_sfu_key_frame_requests_total", request="pli_received")
    assert wished + beyond > 500
    assert wished > 0
    assert quiet.counted("penstock_sfu_key_frame_requests_total", request="pli_sent") < 25
    assert neighbours.report["quiet_room_lost"] == 0


@pytest.mark.parametrize("quiet", [{"packets": 1024}], indirect=True, ids=["small_media_store"])
def test_a_publisher_at_ten_times_its_bit_rate(quiet):
    with Neighbours(quiet.relay, "fat_publisher", 0, FLOOD_S, layers=3, bit_rate_scale=0.4):
        pass
    # It may fill its share of the media store, and no more.
    assert quiet.counted("penstock_packets_dropped_total", reason="media_store_full") > 100


def test_viewers_on_dead_links(quiet):
    """They hear nothing any more, and go on reporting that they do not."""
    with Neighbours(quiet.relay, "dead_link", 0, FLOOD_S, **SMALL) as neighbours:
        pass
    assert neighbours.report["quiet_room_lost"] == 0


def test_two_hundred_api_operations_a_second(quiet):
    with BusySignaling(quiet.relay, 200) as signaling:
        time.sleep(FLOOD_S)
    assert not signaling.failed, signaling.failed[:3]
    assert signaling.done >= 20 * FLOOD_S  # on a machine that has nothing else to do, all of them
