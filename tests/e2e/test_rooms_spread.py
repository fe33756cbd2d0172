"""One room on two workers: what is published on one is watched from the other, and a viewer moves between them."""

import time

import pytest
from testbed.loss import loss
from testbed.process import wait_until
from testbed.rooms import control_api, subscription
from testbed.rooms_call import join
from testbed.rooms_page import SIMULCAST, SINGLE, Participant, frame_rates

pytestmark = pytest.mark.penstockd_only
ROOM = "hall"
HEIGHTS = SIMULCAST.heights()
LEAST_RATE = 25  # frames per second, of 30 sent


class Hall:
    """A speaker on worker 0, whose every layer is on its way, and viewers on either worker."""

    def __init__(self, relay, participant):
        self.relay = relay
        self._open_page = participant
        self.api = control_api(relay)
        self.api.put(f"/v1/rooms/{ROOM}", {})
        self.viewers: dict[str, Participant] = {}

    def add_speaker(self, name: str, sources: dict, worker: int) -> Participant:
        page = self._open_page()
        join(self.api, ROOM, name, page, sources, others=0, worker=worker)
        return page

    def add_viewer(self, name: str, worker: int, watches: tuple[str, ...] = ("speaker",)) -> Participant:
        page = self.viewers[name] = self._open_page()
        join(self.api, ROOM, name, page, None, others=len(watches), worker=worker)
        for number, speaker in enumerate(watches, start=1):
            for kind in ("audio", "video"):
                self.api.patch(subscription(ROOM, name, f"{kind}-{number}"),
                               {"track": {"endpoint": speaker, "track": kind}})
        return page

    def endpoint(self, name: str) -> dict:
        return self.api.get(f"/v1/rooms/{ROOM}/endpoints/{name}")

    def choose(self, viewer: str, layer: int) -> None:
        self.api.patch(subscription(ROOM, viewer, "video-1"), {"max_spatial_layer": layer})

    def move(self, viewer: str, worker: int) -> None:
        self.api.patch(f"/v1/rooms/{ROOM}/endpoints/{viewer}", {"worker": worker})
        wait_until(lambda: self.endpoint(viewer)["state"]["worker"] == worker, 2, "the viewer has moved", 0.01)

    def mirrors(self) -> list[int]:
        return [worker["population"]["mirrors"] for worker in self.api.get("/v1/stats")["workers"]]


def packets_lost(viewer: Participant) -> dict[str, int]:
    """By m-section."""
    return {mid: stream["packetsLost"] for mid, stream in viewer.report()["received"].items()}


def audio_packets(viewer: Participant) -> list[int]:
    """Of every remote microphone."""
    return [stream["packetsReceived"] for _, stream in sorted(viewer.report()["received"].items())
            if stream["kind"] == "audio"]


@pytest.fixture
def empty_hall(relay, participant):
    return Hall(relay(rooms=True, workers=2), participant)


@pytest.fixture
def hall(empty_hall):
    speaker = empty_hall.add_speaker("speaker", SIMULCAST.sources(), worker=0)
    wait_until(lambda: speaker.layers_sent() == set(SIMULCAST.rids), 20, "all three layers sent", 0.2)
    empty_hall.add_viewer("near", worker=0)
    empty_hall.add_viewer("far", worker=1)
    for viewer in empty_hall.viewers.values():
        assert viewer.sees_height(HEIGHTS[-1], 10), viewer.report()
    return empty_hall


def test_every_layer_crosses_to_the_other_worker(hall):
    assert [hall.endpoint(name)["state"]["worker"] for name in ("speaker", "near", "far")] == [0, 0, 1]
    assert hall.mirrors() == [0, 2]
    for name, viewer in hall.viewers.items():
        frozen = viewer.picture().freezes
        for layer in (0, 1, 2, 0, 2):
            hall.choose(name, layer)
            assert viewer.sees_height(HEIGHTS[layer], 1.2), (name, layer, viewer.picture(),
                                                            hall.api.get(subscription(ROOM, name, "video-1"))["state"])
        assert viewer.picture().freezes == frozen
    heard = {name: viewer.audio_packets() for name, viewer in hall.viewers.items()}
    rates = frame_rates(list(hall.viewers.values()), over_s=4)
    assert min(rates) >= LEAST_RATE, rates
    for name, viewer in hall.viewers.items():
        assert viewer.audio_packets() - heard[name] >= 160  # of 200


def test_a_viewer_on_the_other_worker_gets_a_key_frame_when_it_comes(hall):
    clicked = time.monotonic()
    late = hall.add_viewer("late", worker=1)
    assert late.sees_height(0, 2)
    assert time.monotonic() - clicked < 3


def test_lost_packets_are_repaired_from_the_mirror(network, hall):
    viewers = list(hall.viewers.values())
    before = [viewer.picture() for viewer in viewers]
    with loss(network, network.relay, percent=3):
        rates = frame_rates(viewers, over_s=6)
    assert min(rates) >= LEAST_RATE, rates
    for viewer, then in zip(viewers, before):
        now = viewer.picture()
        assert now.retransmitted > then.retransmitted
        assert now.freeze_s - then.freeze_s <= 0.5, now


def test_a_viewer_moves_mid_stream_and_does_not_know(hall):
    far = hall.viewers["far"]
    time.sleep(1)
    before, lost, heard = far.picture(), packets_lost(far), far.audio_packets()
    with hall.api.events() as events:
        wait_until(lambda: events.of_type("hello"), 5, "listening")
        for worker in (0, 1, 0, 1):
            hall.move("far", worker)
            time.sleep(1)
        assert [event["worker"] for event in events.of_type("endpoint.moved")] == [0, 1, 0, 1]
    after = far.picture()
    assert packets_lost(far) == lost
    assert (after.freezes, after.height) == (before.freezes, HEIGHTS[-1])
    passed_s = after.at_s - before.at_s
    assert (after.frames - before.frames) / passed_s >= LEAST_RATE
    assert far.audio_packets() - heard >= 45 * passed_s
    for layer in (0, 2):  # it is steered where it is now
        hall.choose("far", layer)
        assert far.sees_height(HEIGHTS[layer], 1.2)


def test_loss_is_repaired_after_a_move(network, hall):
    near = hall.viewers["near"]
    hall.move("near", 1)
    before = near.picture()
    with loss(network, network.relay, percent=3):
        assert frame_rates([near], over_s=5)[0] >= LEAST_RATE
    now = near.picture()
    assert now.retransmitted > before.retransmitted
    assert now.freeze_s - before.freeze_s <= 0.5, now


def test_only_those_who_speak_are_forwarded(empty_hall):
    hall = empty_hall
    speakers = ("ada", "bob", "eve")
    for number, name in enumerate(speakers):
        hall.add_speaker(name, SINGLE, worker=number % 2)
    viewer = hall.add_viewer("viewer", worker=1, watches=speakers)
    assert viewer.sees_height(SINGLE["height"], 10), viewer.report()

    def heard(over_s: float) -> list[int]:
        before = audio_packets(viewer)
        time.sleep(over_s)
        return [now - then for then, now in zip(before, audio_packets(viewer))]

    assert min(heard(over_s=2)) >= 80  # of 100 each
    hall.api.put(f"/v1/rooms/{ROOM}", {"audio_last_n": 1})
    time.sleep(0.5)
    lost = packets_lost(viewer)
    packets = heard(over_s=4)
    assert 120 <= sum(packets) <= 260, packets  # about one of three microphones
    assert packets_lost(viewer) == lost
    assert len(hall.api.get(f"/v1/rooms/{ROOM}")["state"]["speakers"]) == 1
    hall.api.put(f"/v1/rooms/{ROOM}", {})
    time.sleep(0.5)
    assert min(heard(over_s=2)) >= 80
    assert packets_lost(viewer) == lost
