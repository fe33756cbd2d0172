"""The demo page: two tabs of one browser in one room see and hear each other, and switch layers."""

import pytest
from testbed.chromium import Chromium
from testbed.process import wait_until
from testbed.relay import API_PORT
from testbed.rooms_api import RoomsApi

pytestmark = pytest.mark.penstockd_only

# What a tab shows of the other one: its picture's height, frames so far, and the line of figures.
LOOK = """(() => {
  const tile = [...document.querySelectorAll('.tile')].find(t => t.querySelector('.layer'));
  if (!tile) return {height: 0, frames: 0, text: document.getElementById('state').textContent};
  const video = tile.querySelector('video');
  return {height: video.videoHeight, frames: video.getVideoPlaybackQuality().totalVideoFrames,
          sound: video.srcObject.getAudioTracks().length, text: tile.querySelector('.figures').textContent};
})()"""
CHOOSE = """(() => {
  const layer = [...document.querySelectorAll('.tile .layer')][0];
  layer.value = '%s';
  layer.onchange();
})()"""


@pytest.fixture
def tabs(relay, network):
    """On the relay's own host: browsers give cameras to pages of loopback alone, or of https."""
    relay(rooms=True)
    with Chromium(network.relay) as browser:
        pages = [browser.new_page() for _ in range(2)]
        for page in pages:
            page.open(f"http://127.0.0.1:{API_PORT}/#tabs")
            page.evaluate("document.getElementById('join').requestSubmit()")
        yield pages


def test_two_tabs_see_and_hear_each_other_and_switch_layers(tabs):
    for page in tabs:
        wait_until(lambda page=page: page.evaluate(LOOK)["frames"] > 30, 30, "the other tab's picture", 0.3)
        seen = page.evaluate(LOOK)
        assert seen["sound"] == 1, seen
    best = tabs[0].evaluate(LOOK)["height"]
    tabs[0].evaluate(CHOOSE % "0")
    wait_until(lambda: 0 < tabs[0].evaluate(LOOK)["height"] < best, 10, "a lower layer", 0.3)
    wait_until(lambda: "kbit/s" in tabs[0].evaluate(LOOK)["text"], 5, "figures", 0.3)


def test_pages_of_other_sites_cannot_use_a_demo_on_loopback(relay):
    """A browser may reach loopback for any page that its user looks at."""
    api = RoomsApi(relay(rooms=True).host, "127.0.0.1", API_PORT)
    for path in ("/whep/tabs", "/whip/tabs", "/demo/tabs", "/"):
        assert api.request("POST", path, b"v=0", Origin="https://elsewhere.example").status == 403
    assert api.request("GET", "/demo/tabs", Host="turned.example").status == 403
    assert api.request("GET", "/demo/tabs", Origin=f"http://127.0.0.1:{API_PORT}").status == 200
