"""Links that fail, pages that close, rooms on every worker."""

import pytest
from testbed.loss import loss
from testbed.process import wait_until
from testbed.rooms import control_api, subscription, track, whep, whip
from testbed.rooms_page import SINGLE, frame_rates

pytestmark = pytest.mark.penstockd_only
ROOM = "studio"


@pytest.fixture
def studio(relay, participant):
    """A function that starts a relay with one publisher and one viewer: (api, publisher, viewer)."""

    def open_studio(**options):
        running = relay(rooms=True, **options)
        publisher, viewer = participant(), participant()
        publisher.publish(whip(running, ROOM), SINGLE, family=4)
        viewer.watch(whep(running, ROOM), family=4)
        assert viewer.sees_height(0, 5)
        return control_api(running), publisher, viewer

    return open_studio


def endpoint(one) -> str:
    return f"/v1/rooms/{ROOM}/endpoints/{one.endpoint()}"


def test_a_lossy_uplink_is_repaired(network, studio):
    api, publisher, viewer = studio()
    frozen = viewer.picture().freeze_s
    with loss(network, network.client, percent=3):
        rates = frame_rates([viewer], over_s=8)
    assert rates[0] >= 25
    assert viewer.picture().freeze_s - frozen <= 0.5
    encoding = api.get(track(ROOM, publisher.endpoint()))["state"]["encodings"][0]
    assert encoding["nacks_sent"] > 0 and encoding["recovered"] > 0


def test_media_comes_back_after_an_outage(network, studio):
    api, publisher, viewer = studio(settings={"media": {"consent_s": 5, "lost_s": 30}})
    with loss(network, network.client, percent=100):
        wait_until(lambda: api.get(endpoint(publisher))["state"]["ice"] == "disconnected", 10, "the silence noticed")
    wait_until(lambda: api.get(endpoint(publisher))["state"]["ice"] == "connected", 10, "life noticed")
    assert viewer.sees_new_frame(10)
    # The browser has taken the outage for congestion, and begins low.
    wait_until(lambda: frame_rates([viewer], over_s=1)[0] >= 25, 20, "the full frame rate again")


def test_sessions_end_with_clients_that_vanish(network, studio):
    api, *_ = studio(settings={"media": {"consent_s": 5, "lost_s": 2}})
    with api.events() as events, loss(network, network.client, percent=100):
        wait_until(lambda: api.get("/v1/rooms")["rooms"] == [], 15, "endpoints and their room gone", 0.2)
        wait_until(lambda: len(events.of_type("endpoint.deleted")) == 2, 2, "told of both")
        assert all(event["reason"] for event in events.of_type("endpoint.deleted"))


def test_a_page_that_closes_is_noticed_at_once(studio):
    api, publisher, viewer = studio()
    viewer.reload()
    wait_until(lambda: api.get(f"/v1/rooms/{ROOM}")["state"]["endpoints"] == 1, 5, "the viewer gone")
    assert api.get(endpoint(publisher))["state"]["ice"] == "connected"


def test_rooms_live_on_every_worker(relay, participant):
    running = relay(rooms=True, workers=2)
    api = control_api(running)
    viewers = []
    for room in ("east", "west"):
        publisher = participant()
        publisher.publish(whip(running, room), SINGLE, family=4)
        viewers.append(participant())
        viewers[-1].watch(whep(running, room), family=4)
    assert {room["state"]["worker"] for room in api.get("/v1/rooms")["rooms"]} == {0, 1}
    for viewer in viewers:
        assert viewer.sees_height(SINGLE["height"], 5)
    assert min(frame_rates(viewers, over_s=3)) >= 25
    for room, viewer in zip(("east", "west"), viewers):
        assert api.get(subscription(room, viewer.endpoint()))["state"]["packets"] > 0
