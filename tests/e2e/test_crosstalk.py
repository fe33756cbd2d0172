"""Many conversations at once: each datagram comes back once, to the client that sent it, and to no other."""

import collections
import random
import selectors
import struct
import time

import pytest
from testbed import stun
from testbed.turn_client import TurnClient

CLIENTS, ROUNDS = 48, 150
CHANNEL = 0x4000


class Talker:
    """One client that tags what it sends with its own number and a sequence number."""

    def __init__(self, number: int, client: TurnClient, peer: tuple[str, int]):
        self.number, self.client, self.peer = number, client, peer
        self.sent = 0
        self.received: collections.Counter = collections.Counter()
        self.strangers: list[bytes] = []

    def send(self) -> None:
        payload = struct.pack("!II", self.number, self.sent) + bytes(random.choice((12, 92, 92, 92, 1000)))
        way = (self.number + self.sent) % 4
        if way < 2:
            self.client.send_channel(CHANNEL, payload)
        else:
            self.client.send_indication(self.peer, payload, *([(stun.DONT_FRAGMENT, b"")] if way == 3 else []))
        self.sent += 1

    def receive(self) -> None:
        """Everything that is there now."""
        while (payload := self.client.receive_payload(0)) is not None:
            number, sequence = struct.unpack("!II", payload[:8])
            if number == self.number:
                self.received[sequence] += 1
            else:
                self.strangers.append(payload[:8])


def complaints(talkers: list[Talker]) -> list[str]:
    found = []
    for talker in talkers:
        missing = [number for number in range(talker.sent) if number not in talker.received]
        twice = [number for number, times in talker.received.items() if times > 1]
        if talker.strangers or missing or twice:
            others = [struct.unpack("!II", stranger) for stranger in talker.strangers]
            found.append(f"client {talker.number}: from others {others}, missing {missing}, twice {twice}")
    return found


def losses_known_to(running) -> dict:
    """What the relay says it dropped, so that a failure says on which side to look."""
    if running.kind != "penstockd":
        return {}
    return {(sample.name, *sample.labels.values()): sample.value for sample in running.metrics()
            if sample.value and ("dropped" in sample.name or "kernel_drops" in sample.name
                                 or "fallbacks" in sample.name or "handed_over" in sample.name)}


@pytest.mark.parametrize("workers", [1, 2])
def test_every_datagram_returns_to_its_sender_alone(network, relay, client, echo_peer, workers):
    running = relay(workers=workers)
    talkers = []
    for number in range(CLIENTS):
        ipv6 = number % 3 == 0
        peer = (network.peer.ipv6 if ipv6 else network.peer.ipv4, 3480 + number % 2)
        one = client(server=network.relay.ipv6 if number % 2 else network.relay.ipv4)
        family = stun.FAMILY_IPV6 if ipv6 else stun.FAMILY_IPV4
        assert one.allocate((stun.REQUESTED_ADDRESS_FAMILY, family)).succeeded
        assert one.bind_channel(CHANNEL, peer).succeeded
        talkers.append(Talker(number, one, peer))
    selector = selectors.DefaultSelector()
    for talker in talkers:
        selector.register(talker.client.socket, selectors.EVENT_READ, talker)

    def collect(seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            for key, _ in selector.select(left):
                key.data.receive()

    for _ in range(ROUNDS):
        for talker in random.sample(talkers, len(talkers)):
            talker.send()
        collect(0.02)
    collect(1)
    assert not complaints(talkers), losses_known_to(running)
