"""Fixtures of the end-to-end tests: the network once per run, relays as a test asks for them."""

import os
import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from testbed import metrics  # noqa: E402  (the path above has to come first)
from testbed.network import Network  # noqa: E402
from testbed.process import Process  # noqa: E402
from testbed.relay import RelayOptions, chosen_relay, start_relay  # noqa: E402
from testbed.rooms_page import room_pages  # noqa: E402
from testbed.turn_client import TurnClient  # noqa: E402


def pytest_addoption(parser):
    parser.addoption("--bin-dir", help="the directory of penstockd (default: $PENSTOCK_BIN or build/release/bin)")
    parser.addoption("--port", choices=["uring", "af_xdp"], help="default: $PENSTOCK_E2E_PORT or uring")
    parser.addoption("--relay", choices=["penstockd", "coturn"], help="default: $PENSTOCK_E2E_RELAY or penstockd")


def pytest_configure(config):
    config.addinivalue_line("markers", "penstockd_only: asks for more than the reference server does")
    if config.getoption("--bin-dir"):
        os.environ["PENSTOCK_BIN"] = config.getoption("--bin-dir")
    if config.getoption("--port"):
        os.environ["PENSTOCK_E2E_PORT"] = config.getoption("--port")
    if config.getoption("--relay"):
        os.environ["PENSTOCK_E2E_RELAY"] = config.getoption("--relay")


def pytest_collection_modifyitems(items):
    """Against the reference server only, and by name: what it is known not to do is left out."""
    if chosen_relay() != "penstockd":
        for item in items:
            if item.get_closest_marker("penstockd_only"):
                item.add_marker(pytest.mark.skip(reason="asks for more than the reference server does"))


@pytest.fixture(scope="session")
def network():
    with Network() as built:
        yield built


@pytest.fixture
def relay(network, request):
    """A function that starts a relay; after the test its packets have to balance and its end has to be a clean one."""
    started = request.node.relays = []

    def start(**options):
        started.append(start_relay(network.relay, RelayOptions(**options)))
        return started[-1]

    try:
        yield start
        for one in started:
            if one.kind == "penstockd" and one.process.running():
                assert_packets_balance(one)
                assert one.end() == 0, one.log()[-4000:]
    finally:
        for one in started:
            one.stop()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item):
    """A failed test shows the last words of every relay it started."""
    outcome = yield
    report = outcome.get_result()
    started = getattr(item, "relays", [])
    if report.failed:
        for one in started:
            report.sections.append((f"{one.kind} log", one.log()[-2000:]))


def assert_packets_balance(one) -> None:
    """Tried for a while: clients that have just ended leave packets in flight."""
    for _ in range(20):
        imbalance = metrics.imbalance(one.metrics())
        if not any(imbalance.values()):
            return
        time.sleep(0.2)
    pytest.fail(f"packets unaccounted for: {imbalance}")


@pytest.fixture
def echo_peer(network):
    """coturn's turnutils_peer: answers every datagram on ports 3480 and 3481, IPv4 and IPv6."""
    with Process(network.peer, "turnutils_peer", "-L", network.peer.ipv4, "-L", network.peer.ipv6) as process:
        yield process


@pytest.fixture
def client(network):
    """A function that opens one more client on a port of its own."""
    opened = []

    def open_client(*arguments, server=None):
        opened.append(TurnClient(network.client, server or network.relay.ipv4, *arguments))
        return opened[-1]

    yield open_client
    for one in opened:
        one.socket.close()


@pytest.fixture(scope="module")
def browser_pages(network):
    with room_pages(network.client) as pages:
        yield pages


@pytest.fixture
def participant(relay, browser_pages):
    """A function that opens one more participant of rooms. `relay` outlives them: its books are read after they left."""
    opened = []

    def open_page():
        opened.append(browser_pages.participant())
        return opened[-1]

    yield open_page
    for one in opened:
        one.page.close()
