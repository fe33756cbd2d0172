"""A small TURN client over UDP, for tests that have to see and shape every datagram."""

import ipaddress
import os
import socket
import struct
import time

from testbed import stun
from testbed.network import Host
from testbed.relay import PASSWORD, PORT, USER


def is_response(datagram: bytes) -> bool:
    """By its first byte: a STUN message (00) of class success or error, whose higher bit is that byte's lowest."""
    return bool(datagram) and datagram[0] < 0x40 and bool(datagram[0] & 1)


class NoAnswer(Exception):
    """The relay kept silent."""


class TurnClient:
    """One five-tuple to the relay. Remembers realm and nonce; relayed is the allocation's address."""

    def __init__(self, host: Host, server: str, credential: tuple[str, str] = (USER, PASSWORD)):
        self.server = (server, PORT)
        self.user, self.password = credential
        self.realm = self.nonce = b""
        self.relayed: tuple[str, int] | None = None
        self._unread: list[bytes] = []
        family = socket.AF_INET6 if ipaddress.ip_address(server).version == 6 else socket.AF_INET
        with host.entered():
            self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.connect(self.server)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    # What leaves.

    def authenticated(self, method: int, *attributes, transaction: bytes | None = None) -> bytes:
        """A request with this client's long-term credentials, as it would go on the wire."""
        credentials = [(stun.USERNAME, self.user.encode()), (stun.REALM, self.realm), (stun.NONCE, self.nonce)]
        return stun.encode(method, stun.REQUEST, [*attributes, *credentials], self._key(), transaction)

    def _key(self) -> bytes:
        return stun.long_term_key(self.user, self.realm.decode(), self.password)

    def request(self, method: int, *attributes) -> stun.Message:
        """The final answer: a challenge (401 with a new nonce, 438) is met once. A success has to be authentic."""
        for _ in range(2):
            if self.nonce:
                answer = self.exchange(self.authenticated(method, *attributes))
            else:
                answer = self.exchange(stun.encode(method, stun.REQUEST, attributes))
            challenged = answer.error == 438 or (answer.error == 401 and not self.nonce)
            if not challenged:
                assert not answer.succeeded or stun.integrity_holds(answer, self._key()), answer.raw.hex()
                return answer
            self.realm, self.nonce = answer.get(stun.REALM) or self.realm, answer.get(stun.NONCE)
        return answer

    def exchange(self, datagram: bytes, timeout_s: float = 0.5, tries: int = 5) -> stun.Message:
        """Sends a request, again after each time-out, until its answer comes."""
        for _ in range(tries):
            self.socket.send(datagram)
            deadline = time.monotonic() + timeout_s
            while (received := self._receive(deadline)) is not None:
                if not is_response(received):
                    self._unread.append(received)
                elif received[8:20] == datagram[8:20]:
                    return stun.decode(received)
        raise NoAnswer(f"{tries} tries without an answer: {datagram.hex()}")

    def send_indication(self, peer: tuple[str, int], payload: bytes, *attributes) -> None:
        self.socket.send(stun.encode(stun.SEND, stun.INDICATION,
                                     [stun.peer_address(*peer), (stun.PAYLOAD, payload), *attributes]))

    def send_channel(self, number: int, payload: bytes) -> None:
        self.socket.send(stun.channel_data(number, payload))

    # Requests by name.

    def allocate(self, *attributes) -> stun.Message:
        answer = self.request(stun.ALLOCATE, (stun.REQUESTED_TRANSPORT, stun.UDP), *attributes)
        if answer.succeeded:
            self.relayed = answer.address(stun.XOR_RELAYED_ADDRESS)
        return answer

    def refresh(self, lifetime_s: int) -> stun.Message:
        return self.request(stun.REFRESH, stun.lifetime(lifetime_s))

    def create_permission(self, *peers: str) -> stun.Message:
        return self.request(stun.CREATE_PERMISSION, *(stun.peer_address(peer, 0) for peer in peers))

    def bind_channel(self, number: int, peer: tuple[str, int]) -> stun.Message:
        return self.request(stun.CHANNEL_BIND, stun.channel_number(number), stun.peer_address(*peer))

    # What arrives.

    def _receive(self, deadline: float) -> bytes | None:
        self.socket.settimeout(max(0, deadline - time.monotonic()))
        try:
            return self.socket.recv(65536)
        except (TimeoutError, BlockingIOError, ConnectionRefusedError):
            return None

    def receive(self, timeout_s: float = 2, responses: bool = False) -> bytes | None:
        """The next datagram, None if there is none in time.

        Responses are passed over unless asked for: a request that was repeated has more than one.
        """
        if self._unread:
            return self._unread.pop(0)
        deadline = time.monotonic() + timeout_s
        while (received := self._receive(deadline)) is not None:
            if responses or not is_response(received):
                return received
        return None

    def receive_payload(self, timeout_s: float = 2) -> bytes | None:
        """The payload of the next ChannelData message or Data indication."""
        datagram = self.receive(timeout_s)
        if datagram is None:
            return None
        if datagram[0] & 0xC0 == 0x40:
            return datagram[4:4 + struct.unpack("!H", datagram[2:4])[0]]
        return stun.decode(datagram).get(stun.PAYLOAD)


def echo_works(client: TurnClient, number: int, tries: int = 3) -> bool:
    """Whether a datagram on a bound channel comes back from the echo peer."""
    for _ in range(tries):
        payload = os.urandom(64)
        client.send_channel(number, payload)
        deadline = time.monotonic() + 1
        while (received := client.receive_payload(max(0.01, deadline - time.monotonic()))) is not None:
            if received == payload:
                return True
    return False
