"""What happens to a datagram on its way: payload, DSCP and ECN, and the ICMP error that comes back."""

import os
import struct

import pytest
from testbed import stun
from testbed.peer_socket import PeerSocket, receive_with_traffic_class, set_traffic_class, watch_traffic_class

CHANNEL = 0x4001
SOL_UDP, UDP_SEGMENT = 17, 103
# DSCP EF with ECT(0), AF41 with CE, CS1 with ECT(1) as L4S senders use it, and none.
TRAFFIC_CLASSES = (0xB8 | 2, 0x88 | 3, 0x20 | 1, 0)


def families(network):
    return {"ipv4": (network.relay.ipv4, network.peer.ipv4, stun.FAMILY_IPV4),
            "ipv6": (network.relay.ipv6, network.peer.ipv6, stun.FAMILY_IPV6)}


@pytest.fixture(params=["ipv4", "ipv6"])
def conversation(request, network, relay, client):
    """(client with a bound channel, peer socket), over the family under test on both sides."""
    server, peer_address, family = families(network)[request.param]
    relay()
    one = client(server=server)
    with PeerSocket(network.peer, peer_address) as peer:
        assert one.allocate((stun.REQUESTED_ADDRESS_FAMILY, family)).succeeded
        assert one.bind_channel(CHANNEL, peer.address).succeeded
        yield one, peer


@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 1200, 1472, 9000])
def test_payloads_of_every_length_arrive_unchanged(conversation, size):
    one, peer = conversation
    payload = os.urandom(size)
    one.send_channel(CHANNEL, payload)
    received, _, source = peer.receive()
    assert (received, source) == (payload, one.relayed)
    one.send_indication(peer.address, payload)
    assert peer.receive()[0] == payload
    peer.send(payload, one.relayed)
    assert one.receive_payload() == payload


def test_channel_data_with_padding_is_read_by_its_length(conversation):
    """RFC 8656 section 12.5: over UDP padding is not required, and not part of the data."""
    one, peer = conversation
    one.socket.send(stun.channel_data(CHANNEL, b"abcde") + bytes(3))
    assert peer.receive()[0] == b"abcde"


@pytest.mark.parametrize("method", ["channel", "indication"])
def test_dscp_and_ecn_are_carried_to_the_peer(conversation, method):
    one, peer = conversation
    for traffic_class in TRAFFIC_CLASSES:
        set_traffic_class(one.socket, traffic_class)
        if method == "channel":
            one.send_channel(CHANNEL, b"marked")
        else:
            one.send_indication(peer.address, b"marked")
        assert peer.receive()[:2] == (b"marked", traffic_class)


def test_dscp_and_ecn_are_carried_to_the_client(conversation):
    one, peer = conversation
    watch_traffic_class(one.socket)
    for traffic_class in TRAFFIC_CLASSES:
        peer.send(b"marked", one.relayed, traffic_class)
        datagram, seen, _ = receive_with_traffic_class(one.socket, 1)
        assert (datagram[4:10], seen) == (b"marked", traffic_class)


@pytest.mark.penstockd_only
def test_a_closed_port_comes_back_as_an_icmp_attribute(conversation):
    """RFC 8656 section 11.5: a Data indication with XOR-PEER-ADDRESS and ICMP, without DATA."""
    one, peer = conversation
    peer.socket.close()
    one.send_channel(CHANNEL, b"anybody there?")
    indication = stun.decode(one.receive(2))
    assert (indication.method, indication.kind) == (stun.DATA, stun.INDICATION)
    assert indication.address(stun.XOR_PEER_ADDRESS) == peer.address
    assert indication.get(stun.PAYLOAD) is None
    _, kind_and_code, _ = struct.unpack("!HHI", indication.get(stun.ICMP))
    port_unreachable = (1, 4) if ":" in peer.address[0] else (3, 3)
    assert (kind_and_code >> 9, kind_and_code & 0x1FF) == port_unreachable


def test_a_stranger_reaches_nobody(network, conversation):
    one, peer = conversation
    with PeerSocket(network.peer, peer.address[0]) as permitted:  # the permission is for the address, not the port
        permitted.send(b"from another port", one.relayed)
        assert one.receive_payload() == b"from another port"
    stranger_address = network.client.ipv6 if ":" in peer.address[0] else network.client.ipv4
    with PeerSocket(network.client, stranger_address) as stranger:
        stranger.send(b"no permission", one.relayed)
        assert one.receive(0.3) is None


def test_hairpin_between_two_allocations(network, relay, client):
    relay(workers=2)
    pairs = [(client(), client()) for _ in range(8)]
    for one, other in pairs:
        assert one.allocate().succeeded and other.allocate().succeeded
        assert one.bind_channel(CHANNEL, other.relayed).succeeded
        assert other.create_permission(one.relayed[0]).succeeded
        one.send_channel(CHANNEL, b"over")
        assert other.receive_payload() == b"over"
        other.send_indication(one.relayed, b"and back")
        assert one.receive_payload() == b"and back"


def send_train(one, to, packets: list[bytes]) -> None:
    """One send() that the kernel cuts into datagrams of equal size (UDP_SEGMENT); the last may be shorter."""
    segment = struct.pack("H", len(packets[0]))
    one.sendmsg([b"".join(packets)], [(SOL_UDP, UDP_SEGMENT, segment)], 0, *to)


@pytest.mark.parametrize("tail", [1200, 700], ids=["equal", "last shorter"])
def test_trains_arrive_whole_and_in_order(conversation, tail):
    one, peer = conversation
    for length in (2, 16, 40):
        payloads = [bytes([number]) * 1200 for number in range(length - 1)] + [bytes([length]) * tail]
        send_train(one.socket, (), [stun.channel_data(CHANNEL, payload) for payload in payloads])
        assert [peer.receive()[0] for _ in payloads] == payloads
        send_train(peer.socket, (one.relayed,), payloads)
        assert [one.receive_payload() for _ in payloads] == payloads


def test_a_train_for_several_channels_is_taken_apart(network, conversation):
    one, peer = conversation
    with PeerSocket(network.peer, peer.address[0]) as other:
        assert one.bind_channel(CHANNEL + 1, other.address).succeeded
        payloads = [bytes([number]) * 600 for number in range(24)]
        send_train(one.socket, (), [stun.channel_data(CHANNEL + number % 2, payload)
                                    for number, payload in enumerate(payloads)])
        assert [peer.receive()[0] for _ in range(12)] == payloads[::2]
        assert [other.receive()[0] for _ in range(12)] == payloads[1::2]


def test_a_train_with_channel_data_that_lies_loses_only_that(conversation):
    """Headers that differ within a train of equal datagrams: unknown channels, lengths too long and too short."""
    one, peer = conversation
    good = [stun.channel_data(CHANNEL, bytes([number]) * 600) for number in range(12)]
    train = list(good)
    train[2] = struct.pack("!HH", CHANNEL, 601) + good[2][4:]
    train[5] = struct.pack("!HH", 0x4FF0, 600) + good[5][4:]
    train[8] = struct.pack("!HH", CHANNEL, 10) + good[8][4:]
    train[9] = bytes(604)
    send_train(one.socket, (), train)
    expected = [good[number][4:] for number in (0, 1, 3, 4, 6, 7)] + [good[8][4:14]] + [good[10][4:], good[11][4:]]
    assert [peer.receive()[0] for _ in expected] == expected
    assert peer.receive(0.2) is None
