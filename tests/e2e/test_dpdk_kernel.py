"""A DPDK port on an interface that stays the kernel's: its neighbours, its routes, and everything that is not relayed."""

import re
import subprocess
import time
import urllib.request

import pytest
from testbed import stun
from testbed.peer_socket import PeerSocket
from testbed.process import Process, wait_until
from testbed.relay import METRICS_PORT, chosen_port
from testbed.stream import Blast, Stream

pytestmark = [pytest.mark.penstockd_only,
              pytest.mark.skipif(chosen_port() != "af_xdp", reason="about ports that bypass the kernel")]

CHANNEL = 0x4001
FAMILIES = {"ipv4": stun.FAMILY_IPV4, "ipv6": stun.FAMILY_IPV6}
# Everything on the test bed's networks, its router included.
ANY_PEER = ("10.77.0.0/16", "fd77::/16")


@pytest.fixture(params=["ipv4", "ipv6"])
def family(request):
    return request.param


def connect(network, one, peer: PeerSocket, family: str) -> None:
    assert one.allocate((stun.REQUESTED_ADDRESS_FAMILY, FAMILIES[family])).succeeded
    assert one.bind_channel(CHANNEL, peer.address).succeeded


@pytest.fixture
def stream(network, relay, client, family):
    """A thousand datagrams a second through the relay's gateway, there and on."""
    relay(allowed_peers=ANY_PEER)
    one = client(server=getattr(network.relay, family))
    with PeerSocket(network.peer, getattr(network.peer, family)) as peer:
        connect(network, one, peer, family)
        yield Stream(one, CHANNEL, peer)


@pytest.mark.parametrize("workers", [1, 2])
def test_the_host_answers_ping_and_http_while_the_relay_forwards_flat_out(network, relay, client, workers):
    one = relay(workers=workers)
    talker = client()
    with PeerSocket(network.peer, network.peer.ipv4) as peer:
        connect(network, talker, peer, "ipv4")
        with Blast(talker, CHANNEL) as blast:
            pings = [Process(network.client, "ping", "-q", "-c", "20", "-i", "0.1", "-W", "2", address)
                     for address in (network.relay.ipv4, network.relay.ipv6)]
            answers_s = []
            for _ in range(10):
                start = time.monotonic()
                with network.client.entered(), urllib.request.urlopen(
                        f"http://{one.host.ipv4}:{METRICS_PORT}/metrics", timeout=5) as response:
                    assert b"penstock_packets_received_total" in response.read()
                answers_s.append(time.monotonic() - start)
                time.sleep(0.1)
            for ping in pings:
                assert ping.wait(20) == 0, ping.output()
                assert re.search(r"\b0% packet loss", ping.output()), ping.output()
        assert blast.sent > 20000, "this was no load"
        assert max(answers_s) < 1, answers_s


def test_flushed_neighbours_are_found_again_without_loss(network, stream):
    with stream:
        for _ in range(10):
            time.sleep(0.1)
            # Fails when there is nothing to flush, which is as good.
            subprocess.run(network.relay.command("ip", "neigh", "flush", "dev", "eth0"), check=False, timeout=5)
        stream.wait_flowing(3)
    assert stream.lost <= stream.sent // 50, f"{stream.lost} of {stream.sent} lost"


def test_routes_that_change_lose_nothing(network, stream, family):
    """The default route moves between two addresses of the router, back and forth."""
    six, other = (["-6"], "fd77:2::9") if family == "ipv6" else ([], "10.77.2.9")
    gateway = other[:-1] + "1"
    network.router.ip("address", "add", other + ("/64" if six else "/24"), "dev", "relay", *(["nodad"] if six else []))
    try:
        with stream:
            for turn in range(20):
                time.sleep(0.1)
                network.relay.ip(*six, "route", "replace", "default", "via", gateway if turn % 2 else other)
            stream.wait_flowing(3)
        assert stream.lost <= stream.sent // 100, f"{stream.lost} of {stream.sent} lost"
    finally:
        network.relay.ip(*six, "route", "replace", "default", "via", gateway)
        network.router.ip("address", "delete", other + ("/64" if six else "/24"), "dev", "relay")


def test_without_a_route_packets_are_dropped_by_name(network, stream, family, request):
    six, gateway = (["-6"], "fd77:2::1") if family == "ipv6" else ([], "10.77.2.1")
    one = request.node.relays[0]
    with stream:
        stream.wait_flowing(3)
        network.relay.ip(*six, "route", "delete", "default")
        try:
            wait_until(lambda: stream.silent() and one.dropped("tx_unreachable") > 0, 5, "silence, and drops by name")
        finally:
            network.relay.ip(*six, "route", "add", "default", "via", gateway)
        stream.wait_flowing(3)


def test_a_gateway_with_a_new_mac_address_is_followed(network, stream, family):
    """It announces itself, as routers do that take over from another (VRRP)."""
    before = re.search(r"link/ether (\S+)", network.router.ip("link", "show", "relay"))[1]
    network.router.sysctl("net.ipv4.conf.relay.arp_notify", 1)
    network.router.sysctl("net.ipv6.conf.relay.ndisc_notify", 1)
    try:
        with stream:
            stream.wait_flowing(3)
            for mac in ("02:00:00:00:77:01", before):
                network.router.ip("link", "set", "relay", "address", mac)
                stream.wait_flowing(5)
    finally:
        network.router.ip("link", "set", "relay", "address", before)


def test_a_neighbour_that_vanishes_and_comes_back(network, relay, client, family):
    """A peer on the relay's own link."""
    address, length = ("fd77:2::77", "/64") if family == "ipv6" else ("10.77.2.77", "/24")
    no_detection = ["nodad"] if family == "ipv6" else []
    # What the kernel takes half a minute for, in seconds.
    timers = {"base_reachable_time_ms": 1000, "delay_first_probe_time": 1, "retrans_time_ms": 250}
    before = {}
    for key in timers:
        with network.relay.entered(), open(f"/proc/sys/net/{family}/neigh/eth0/{key}", encoding="ascii") as file:
            before[key] = int(file.read())
    network.router.ip("address", "add", address + length, "dev", "relay", *no_detection)
    present = True
    try:
        for key, value in timers.items():
            network.relay.sysctl(f"net.{family}.neigh.eth0.{key}", value)
        one = relay(allowed_peers=ANY_PEER)
        talker = client(server=getattr(network.relay, family))
        with PeerSocket(network.router, address) as peer:
            connect(network, talker, peer, family)
            with Stream(talker, CHANNEL, peer) as stream:
                stream.wait_flowing(3)
                network.router.ip("address", "delete", address + length, "dev", "relay")
                present = False
                wait_until(lambda: one.dropped("tx_no_neighbour") > 100, 15, "drops by name")
                network.router.ip("address", "add", address + length, "dev", "relay", *no_detection)
                present = True
                stream.wait_flowing(4)
    finally:
        for key, value in before.items():
            network.relay.sysctl(f"net.{family}.neigh.eth0.{key}", value)
        if present:
            network.router.ip("address", "delete", address + length, "dev", "relay")
