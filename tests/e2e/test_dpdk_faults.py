"""What breaks around a DPDK port, and what is too much for it: dropped by name, over by itself, and in the books."""

import os
import signal
import struct
import time

import pytest
from testbed import metrics, stun
from testbed.peer_socket import PeerSocket
from testbed.process import wait_until
from testbed.relay import chosen_port
from testbed.stream import Blast, Stream
from testbed.turn_client import echo_works

pytestmark = [pytest.mark.penstockd_only,
              pytest.mark.skipif(chosen_port() != "af_xdp", reason="about ports that bypass the kernel")]

CHANNEL = 0x4001
FAMILIES = {"ipv4": stun.FAMILY_IPV4, "ipv6": stun.FAMILY_IPV6}
ANY_PEER = ("10.77.0.0/16", "fd77::/16")


@pytest.fixture(params=["ipv4", "ipv6"])
def family(request):
    return request.param


@pytest.fixture
def lasting_addresses(network):
    """IPv6 addresses stay when a link goes down, as IPv4's do."""
    for host in (network.router, network.relay):
        host.sysctl("net.ipv6.conf.all.keep_addr_on_down", 1)


@pytest.fixture
def second_link(network, lasting_addresses):
    """A second interface of the relay's host, with the router's 10.77.5.1 and fd77:5::1 at its other end.

    And no default route, by which packets for it would go while it is down.
    """
    ways = {(): ("10.77.1.0/24", "10.77.2.1"), ("-6",): ("fd77:1::/64", "fd77:2::1")}
    for flags, (clients, gateway) in ways.items():
        network.relay.ip(*flags, "route", "add", clients, "via", gateway)
        network.relay.ip(*flags, "route", "delete", "default")
    network.router.ip("link", "add", "relay2", "type", "veth", "peer", "name", "eth1", "netns", network.relay.namespace)
    for host, device, last in ((network.router, "relay2", 1), (network.relay, "eth1", 2)):
        host.ip("address", "add", f"10.77.5.{last}/24", "dev", device)
        host.ip("-6", "address", "add", f"fd77:5::{last}/64", "dev", device, "nodad")
        host.ip("link", "set", device, "up")
    yield "eth1"
    network.router.ip("link", "delete", "relay2")
    for flags, (clients, gateway) in ways.items():
        network.relay.ip(*flags, "route", "add", "default", "via", gateway)
        network.relay.ip(*flags, "route", "delete", clients)


def connect(one, peer: PeerSocket, family: str) -> None:
    assert one.allocate((stun.REQUESTED_ADDRESS_FAMILY, FAMILIES[family])).succeeded
    assert one.bind_channel(CHANNEL, peer.address).succeeded


def test_the_relays_link_down_and_up(network, lasting_addresses, relay, client, family):
    relay(workers=2)
    one = client(server=getattr(network.relay, family))
    with PeerSocket(network.peer, getattr(network.peer, family)) as peer:
        connect(one, peer, family)
        with Stream(one, CHANNEL, peer) as stream:
            stream.wait_flowing(3)
            for _ in range(2):
                network.router.ip("link", "set", "relay", "down")
                try:
                    wait_until(stream.silent, 3, "silence")
                finally:
                    network.router.ip("link", "set", "relay", "up")
                stream.wait_flowing(3)


def test_packets_for_another_link_that_is_down_are_dropped_by_name(network, second_link, relay, client, family):
    """They arrive on one interface and would leave on the other."""
    running = relay(workers=2, allowed_peers=ANY_PEER, interfaces=("eth0", second_link))
    one = client(server=getattr(network.relay, family))
    with PeerSocket(network.router, "fd77:5::1" if family == "ipv6" else "10.77.5.1") as peer:
        connect(one, peer, family)
        with Stream(one, CHANNEL, peer) as stream:
            stream.wait_flowing(3)
            for host, device in ((network.router, "relay2"), (network.relay, second_link)):
                before = dropped_for_the_link(running)
                host.ip("link", "set", device, "down")
                try:
                    wait_until(lambda: stream.silent() and dropped_for_the_link(running) > before, 5,
                               f"silence, and drops by name, with {device} down")
                finally:
                    host.ip("link", "set", device, "up")
                stream.wait_flowing(3)


def dropped_for_the_link(running) -> float:
    """The kernel takes the route away when the interface is set down; without carrier it stays."""
    return running.dropped("tx_link_down") + running.dropped("tx_unreachable")


@pytest.mark.parametrize("workers", [1, 2])
def test_more_than_the_workers_can_take(network, relay, client, echo_peer, workers):
    """Their loss is counted, control answers, and afterwards all is well."""
    running = relay(workers=workers)
    talkers = [client() for _ in range(2)]
    bystander = client()
    with PeerSocket(network.peer, network.peer.ipv4) as peer:
        for one in talkers:
            connect(one, peer, "ipv4")
        assert bystander.allocate().succeeded
        assert bystander.bind_channel(CHANNEL, (network.peer.ipv4, 3480)).succeeded
        sent_before = received_of(running)
        with Blast(talkers[0], CHANNEL, train=60) as first, Blast(talkers[1], CHANNEL, train=60) as second:
            end = time.monotonic() + 3
            while time.monotonic() < end:
                start = time.monotonic()
                running.metrics()
                assert time.monotonic() - start < 1, "the metrics listener starves"
                time.sleep(0.2)
        offered = first.sent + second.sent
        assert echo_works(bystander, CHANNEL)
        samples = running.metrics()
        received = received_of(running) - sent_before
        missed = metrics.total(samples, "penstock_device_missed_total")
        # What is neither was never offered to the device: veth's own ring, and the router's queues, are before it.
        assert offered > 20000 and received + missed > 10000, (offered, received, missed)


def received_of(running) -> float:
    return metrics.total(running.metrics(), "penstock_packets_received_total")


def test_packets_held_for_silent_neighbours_are_bounded(network, relay, client, echo_peer):
    """The smallest pool there is, and peers on the link that are not there: held, dropped by name, harmless."""
    running = relay(workers=2, allowed_peers=ANY_PEER, settings={"dataplane": {"packets": 1024}})
    one, bystander = client(), client()
    assert one.allocate().succeeded and bystander.allocate().succeeded
    assert bystander.bind_channel(CHANNEL, (network.peer.ipv4, 3480)).succeeded
    nobody = [f"10.77.2.{last}" for last in range(100, 108)]
    assert one.create_permission(*nobody).succeeded
    held = 0.0
    for _ in range(30):
        for number in range(200):
            one.send_indication((nobody[number % len(nobody)], 9), bytes(200))
        held = max(held, metrics.total(running.metrics(), "penstock_neighbour_held_packets"))
    assert echo_works(bystander, CHANNEL), "others are relayed meanwhile"
    wait_until(lambda: metrics.total(running.metrics(), "penstock_neighbour_held_packets") == 0, 5, "nothing held")
    assert held > 0
    assert running.dropped("tx_no_neighbour") > 1000
    assert echo_works(bystander, CHANNEL)


def test_the_largest_payload_a_peer_can_send_fits_a_data_indication(network, relay, client, family):
    """1,472 bytes on an Ethernet, and 36 or 48 more with the indication's header: it leaves in fragments."""
    relay()
    one = client(server=getattr(network.relay, family))
    with PeerSocket(network.peer, getattr(network.peer, family)) as peer:
        assert one.allocate((stun.REQUESTED_ADDRESS_FAMILY, FAMILIES[family])).succeeded
        assert one.create_permission(peer.address[0]).succeeded
        for size in (1400, 1452, 1472, 8000):
            payload = os.urandom(size)
            peer.send(payload, one.relayed)
            indication = stun.decode(one.receive())
            assert indication.get(stun.PAYLOAD) == payload
            one.send_indication(peer.address, payload)
            assert peer.receive()[0] == payload


def test_dont_fragment_on_a_narrow_path_comes_back_as_an_icmp_attribute(network, relay, client, family):
    """RFC 8656 section 11.6: the router's word first, and from then on the relay's own."""
    relay(workers=2)
    one = client(server=getattr(network.relay, family))
    network.router.ip("link", "set", "peer", "mtu", "1300")
    try:
        with PeerSocket(network.peer, getattr(network.peer, family)) as peer:
            assert one.allocate((stun.REQUESTED_ADDRESS_FAMILY, FAMILIES[family])).succeeded
            assert one.create_permission(peer.address[0]).succeeded
            for _ in range(3):
                one.send_indication(peer.address, bytes(1350), (stun.DONT_FRAGMENT, b""))
                indication = stun.decode(one.receive())
                assert indication.address(stun.XOR_PEER_ADDRESS) == peer.address
                _, kind_and_code, mtu = struct.unpack("!HHI", indication.get(stun.ICMP))
                assert (kind_and_code >> 9, kind_and_code & 0x1FF) == ((2, 0) if family == "ipv6" else (3, 4))
                assert mtu == 1300
            one.send_indication(peer.address, bytes(1100), (stun.DONT_FRAGMENT, b""))
            assert peer.receive()[0] == bytes(1100)
            one.send_indication(peer.address, bytes(1350))  # without it the relay cuts
            assert peer.receive()[0] == bytes(1350)
    finally:
        network.router.ip("link", "set", "peer", "mtu", "1500")


def test_a_client_behind_a_narrow_link_gets_what_is_too_long_for_it(network, relay, client, family):
    """IPv6: nobody on the way cuts for the relay, so that it has to learn from the first one."""
    relay(workers=2)
    clients = [client(server=getattr(network.relay, family)) for _ in range(4)]
    network.router.ip("link", "set", "client", "mtu", "1300")
    try:
        with PeerSocket(network.peer, getattr(network.peer, family)) as peer:
            for one in clients:
                assert one.allocate((stun.REQUESTED_ADDRESS_FAMILY, FAMILIES[family])).succeeded
                assert one.create_permission(peer.address[0]).succeeded
                peer.send(bytes(1350), one.relayed)
                if one.receive_payload(0.5) is None:
                    peer.send(bytes(1350), one.relayed)
                    assert one.receive_payload() == bytes(1350)
    finally:
        network.router.ip("link", "set", "client", "mtu", "1500")


def test_fragments_of_hundreds_of_datagrams_arrive_whole(network, relay, client, family):
    relay(workers=2)
    one = client(server=getattr(network.relay, family))
    with PeerSocket(network.peer, getattr(network.peer, family)) as peer:
        connect(one, peer, family)
        for number in range(100):
            payload = bytes([number]) * (3000 + number)
            one.send_channel(CHANNEL, payload)
            assert peer.receive()[0] == payload
            peer.send(payload, one.relayed)
            assert one.receive_payload() == payload


def test_a_relay_that_was_killed_starts_again_on_the_same_interface(network, relay, client, echo_peer):
    killed = relay(workers=2)
    assert client().allocate().succeeded
    killed.process.signal(signal.SIGKILL)
    wait_until(lambda: not killed.process.running(), 5, "the end of the relay")
    relay(workers=2)
    for server in (network.relay.ipv4, network.relay.ipv6):
        again = client(server=server)
        assert again.allocate().succeeded
        assert again.bind_channel(CHANNEL, (network.peer.ipv4, 3480)).succeeded
        assert echo_works(again, CHANNEL)
