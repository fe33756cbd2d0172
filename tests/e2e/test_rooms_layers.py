"""Chromium publishes three-layer VP8 simulcast with Opus over WHIP; others watch it over WHEP, each the layer it is given."""

import time

import pytest
from testbed.loss import loss
from testbed.process import wait_until
from testbed.rooms import control_api, subscription, track, whep, whip
from testbed.rooms_page import SIMULCAST, Participant, frame_rates

pytestmark = pytest.mark.penstockd_only
ROOM = "stage"
HEIGHTS = SIMULCAST.heights()
LEAST_RATE = 25  # frames per second, of 30 sent


class Stage:
    """A publisher whose every layer is on its way, and viewers."""

    def __init__(self, relay, participant, family: int):
        self.relay = relay
        self.open_page = participant
        self._family = family
        self.api = control_api(relay)
        self.publisher = participant()
        self.viewers: list[Participant] = []

    def publish(self) -> None:
        self.publisher.publish(whip(self.relay, ROOM, self._family), SIMULCAST.sources(), family=self._family)

    def wait_for_layers(self) -> None:
        """Browsers begin with the lowest layer and add the others as their estimate of the bandwidth grows."""
        wait_until(lambda: self.publisher.layers_sent() == set(SIMULCAST.rids), 20, "all three layers sent", 0.2)

    def add_viewer(self, page: Participant) -> None:
        self.viewers.append(page)
        page.watch(whep(self.relay, ROOM, self._family), family=self._family)

    def choose(self, viewer: Participant, layer: int | None) -> None:
        self.api.patch(subscription(ROOM, viewer.endpoint()), {"max_spatial_layer": layer})


@pytest.fixture
def stage(relay, participant, request):
    """Everything over one address family: 4 unless the test is given another."""
    made = Stage(relay(rooms=True), participant, getattr(request, "param", 4))
    made.publish()
    made.wait_for_layers()
    for _ in range(3):
        made.add_viewer(participant())
    for viewer in made.viewers:
        assert viewer.sees_height(HEIGHTS[-1], 10), viewer.report()
    return made


families = pytest.mark.parametrize("stage", [4, 6], indirect=True, ids=["ipv4", "ipv6"])


@families
def test_each_viewer_holds_its_layer(stage):
    for layer, viewer in enumerate(stage.viewers):
        stage.choose(viewer, layer)
    for viewer, height in zip(stage.viewers, HEIGHTS):
        assert viewer.sees_height(height, 3)
    before = [viewer.picture() for viewer in stage.viewers]
    heard = [(viewer.audio_packets(), viewer.audio_energy()) for viewer in stage.viewers]
    rates = frame_rates(stage.viewers, over_s=5)
    assert min(rates) >= LEAST_RATE, rates
    for viewer, height, then, (packets, energy) in zip(stage.viewers, HEIGHTS, before, heard):
        now = viewer.picture()
        assert (now.height, now.freezes) == (height, then.freezes)
        assert viewer.audio_packets() - packets >= 200  # of 250
        assert viewer.audio_energy() > energy


@families
def test_every_viewer_switches_through_every_layer(stage):
    for viewer in stage.viewers:
        frozen = viewer.picture().freezes
        for layer in (0, 1, 2, 0, 2, 1):
            asked = time.monotonic()
            stage.choose(viewer, layer)
            assert viewer.sees_height(HEIGHTS[layer], 1), (
                layer, viewer.picture(), stage.api.get(subscription(ROOM, viewer.endpoint()))["state"],
                stage.api.get(track(ROOM, stage.publisher.endpoint()))["state"])
            assert time.monotonic() - asked < 1.2
        assert viewer.sees_new_frame(0.5)
        assert viewer.picture().freezes == frozen


def test_retransmission_repairs_a_lossy_downlink(network, stage):
    before = [viewer.picture() for viewer in stage.viewers]
    with loss(network, network.relay, percent=3):
        rates = frame_rates(stage.viewers, over_s=8)
    assert min(rates) >= LEAST_RATE, rates
    for viewer, then in zip(stage.viewers, before):
        now = viewer.picture()
        assert now.retransmitted > then.retransmitted
        # One packet in a thousand is lost twice, and the browser asks for it again only after a while.
        assert now.freeze_s - then.freeze_s <= 0.5, now
        subscribed = stage.api.get(subscription(ROOM, viewer.endpoint()))["state"]
        assert subscribed["retransmitted"] >= now.retransmitted - then.retransmitted


def test_viewers_follow_a_publisher_that_reloads(stage):
    stage.publisher.reload()
    stage.publish()
    connected = time.monotonic()
    for viewer in stage.viewers:
        assert viewer.sees_new_frame(1)
    assert time.monotonic() - connected < 1.5


def test_a_viewer_joining_mid_stream_sees_a_picture_within_a_second(stage):
    viewer = stage.open_page()
    clicked = time.monotonic()
    stage.add_viewer(viewer)  # ICE and the DTLS handshake
    connected = time.monotonic()
    assert viewer.sees_height(0, 1)
    assert time.monotonic() - connected < 1
    assert time.monotonic() - clicked < 2
    viewer.hang_up()
    endpoints = stage.api.get(f"/v1/rooms/{ROOM}/endpoints")["endpoints"]
    assert viewer.endpoint() not in [endpoint["id"] for endpoint in endpoints]
