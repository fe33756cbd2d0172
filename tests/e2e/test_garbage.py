"""Bytes no client would send: the relay answers sparingly, stays up, and goes on serving those who are connected."""

import os
import random
import struct

import pytest
from testbed import stun
from testbed.turn_client import TurnClient, echo_works

CHANNEL = 0x4000


@pytest.fixture
def bystander(network, relay, client, echo_peer):
    """A connected client and its relay; after the test its channel must still work."""
    running = relay(workers=2)
    one = client()
    assert one.allocate().succeeded
    assert one.bind_channel(CHANNEL, (network.peer.ipv4, 3480)).succeeded
    yield one
    assert running.process.running(), running.log()[-2000:]
    assert echo_works(one, CHANNEL)


def valid_requests(one: TurnClient, peer: str) -> list[bytes]:
    return [one.authenticated(stun.ALLOCATE, (stun.REQUESTED_TRANSPORT, stun.UDP), (stun.EVEN_PORT, b"\x80")),
            one.authenticated(stun.REFRESH, stun.lifetime(600)),
            one.authenticated(stun.CREATE_PERMISSION, stun.peer_address(peer, 9), stun.peer_address(peer, 10)),
            one.authenticated(stun.CHANNEL_BIND, stun.channel_number(CHANNEL), stun.peer_address(peer, 3480)),
            stun.encode(stun.SEND, stun.INDICATION, [stun.peer_address(peer, 9), (stun.PAYLOAD, b"hello")]),
            stun.encode(stun.BINDING, stun.REQUEST, fingerprint=True)]


def answers(one: TurnClient, timeout_s: float = 0.2) -> list[bytes]:
    found = []
    while (datagram := one.receive(timeout_s, responses=True)) is not None:
        found.append(datagram)
    return found


def test_every_first_byte(bystander, client):
    random.seed(1)
    for size in (0, 1, 2, 3, 4, 8, 19, 20, 64):
        stranger = client()
        for first in range(256):
            for one in (stranger, bystander):
                one.socket.send((bytes([first]) + random.randbytes(63))[:size])
        assert not answers(stranger, 0.05), f"garbage of {size} bytes was answered"
        answers(bystander, 0.01)


def test_every_message_type(bystander, client):
    """Methods and classes that do not exist, or that a client may not send."""
    stranger = client()
    for kind in range(0, 0x4000, 7):
        for one in (stranger, bystander):
            one.socket.send(struct.pack("!HHI", kind, 0, stun.MAGIC_COOKIE) + os.urandom(12))
    for datagram in answers(stranger):
        assert stun.decode(datagram).kind in (stun.ERROR, stun.SUCCESS)
    answers(bystander)


def test_every_truncation(network, bystander):
    """Cut at each byte, first as the datagram ends, then with a length field that agrees."""
    for request in valid_requests(bystander, network.peer.ipv4):
        for size in range(len(request)):
            bystander.socket.send(request[:size])
            if size >= 20 and size % 4 == 0:
                bystander.socket.send(request[:2] + struct.pack("!H", size - 20) + request[4:size])
        answers(bystander, 0.05)


def test_attribute_lengths_that_lie(network, bystander):
    for request in valid_requests(bystander, network.peer.ipv4):
        position = 20
        while position < len(request):
            true_length = struct.unpack("!H", request[position + 2:position + 4])[0]
            for lie in (0, 1, true_length + 1, true_length + 4, len(request), 0x7FFF, 0xFFFC, 0xFFFF):
                bystander.socket.send(request[:position + 2] + struct.pack("!H", lie) + request[position + 4:])
            position += 4 + true_length + -true_length % 4
        for lie in (0, 1, 3, 4, len(request), 0xFFFF):
            bystander.socket.send(request[:2] + struct.pack("!H", lie) + request[4:])
        answers(bystander, 0.05)


def test_every_single_bit_flipped(network, bystander):
    """A flipped bit under MESSAGE-INTEGRITY never succeeds; elsewhere it may only be harmless."""
    request = bystander.authenticated(stun.CREATE_PERMISSION, stun.peer_address(network.peer.ipv4, 9))
    assert bystander.exchange(request).succeeded
    for bit in range(0, 8 * len(request)):
        flipped = bytearray(request)
        flipped[bit // 8] ^= 0x80 >> bit % 8
        bystander.socket.send(flipped)
        for datagram in answers(bystander, 0.001):
            assert not stun.decode(datagram).succeeded, f"bit {bit} flipped and still accepted"
    late = [stun.decode(datagram) for datagram in answers(bystander)]
    assert not any(message.succeeded for message in late)


@pytest.mark.penstockd_only  # coturn takes a CreatePermission without a readable address
@pytest.mark.parametrize("attributes", [
    [(stun.USERNAME, b"u" * 2000)], [(stun.REALM, b"r" * 2000)], [(stun.NONCE, b"n" * 5000)],
    [(stun.XOR_PEER_ADDRESS, bytes(range(200)))] * 5, [(stun.XOR_PEER_ADDRESS, b"\0\1")],
    [(stun.XOR_PEER_ADDRESS, b"\0\3\0\0\0\0\0\0")], [(stun.LIFETIME, bytes(40))], [(stun.CHANNEL_NUMBER, b"")],
    [(0x8022, b"s" * 30000)], [(0x8022, b"")] * 3000, [(stun.REQUESTED_TRANSPORT, stun.UDP)] * 200,
    [(0x7ABC, b"comprehension required")] * 50])
def test_oversized_misshapen_and_countless_attributes(bystander, attributes):
    for method in (stun.ALLOCATE, stun.REFRESH, stun.CREATE_PERMISSION, stun.CHANNEL_BIND):
        bystander.socket.send(bystander.authenticated(method, *attributes))
        bystander.socket.send(stun.encode(method, stun.REQUEST, attributes))
    bystander.socket.send(stun.encode(stun.SEND, stun.INDICATION, attributes))
    for datagram in answers(bystander):
        message = stun.decode(datagram)
        assert message.kind == stun.ERROR or message.method == stun.REFRESH


def test_unknown_attributes_are_named(bystander):
    """RFC 8489 section 6.3.1: 420 with UNKNOWN-ATTRIBUTES."""
    answer = bystander.exchange(bystander.authenticated(stun.REFRESH, (0x7ABC, b"what is this")))
    assert answer.error == 420
    assert answer.get(0x000A) == b"\x7a\xbc"


def test_channel_data_that_lies_about_its_length(bystander, client):
    stranger = client()
    for one in (stranger, bystander):
        for length in (1, 5, 100, 0xFFFF):
            one.socket.send(struct.pack("!HH", CHANNEL, length) + b"abc"[:length - 1])
        for number in (0x4001, 0x4FFF, 0x5000, 0x7FFF):
            one.send_channel(number, b"nobody bound this")
    assert not answers(stranger) and not answers(bystander)
