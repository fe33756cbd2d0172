"""Datagrams on a bound channel: numbered at a steady rate, or as many as the machine can send."""

import socket
import struct
import threading
import time

from testbed import stun
from testbed.peer_socket import PeerSocket
from testbed.process import wait_until
from testbed.turn_client import TurnClient

_SOL_UDP, _UDP_SEGMENT = 17, 103


class Stream:
    """Numbered datagrams from a client to a peer while the `with` block lasts; which of them arrived, and when."""

    def __init__(self, client: TurnClient, channel: int, peer: PeerSocket, rate_pps: int = 1000):
        self.sent = 0
        self.arrived: set[int] = set()
        self.longest_silence_s = 0.0
        self._last_arrival = time.monotonic()
        self._client, self._channel, self._peer, self._rate_pps = client, channel, peer, rate_pps
        self._sending, self._receiving = threading.Event(), threading.Event()
        self._threads = [threading.Thread(target=body, daemon=True) for body in (self._send, self._receive)]

    def _send(self) -> None:
        start = time.monotonic()
        while not self._sending.is_set():
            while self.sent < (time.monotonic() - start) * self._rate_pps:
                try:
                    self._client.send_channel(self._channel, struct.pack("!I", self.sent) + bytes(96))
                except OSError:
                    pass  # an ICMP error about an earlier one, or no route for a moment: the datagram counts as sent
                self.sent += 1
            time.sleep(0.002)

    def _receive(self) -> None:
        self._peer.socket.settimeout(0.1)
        while not self._receiving.is_set():
            try:
                datagram = self._peer.socket.recv(2048)
            except TimeoutError:
                continue
            except OSError:
                continue  # an ICMP error of the peer's own
            now = time.monotonic()
            self.longest_silence_s = max(self.longest_silence_s, now - self._last_arrival)
            self._last_arrival = now
            self.arrived.add(struct.unpack("!I", datagram[:4])[0])

    @property
    def lost(self) -> int:
        return self.sent - len(self.arrived)

    def silent(self) -> bool:
        return time.monotonic() - self._last_arrival > 0.3

    def wait_flowing(self, timeout_s: float) -> None:
        """Until what is sent from now on arrives."""
        first = self.sent + 1
        wait_until(lambda: any(number in self.arrived for number in range(first, self.sent)), timeout_s,
                   f"datagrams of the stream arriving again ({len(self.arrived)} of {self.sent} did)")

    def __enter__(self):
        self._last_arrival = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        """Everything under way has arrived afterwards."""
        self._sending.set()
        self._threads[0].join(5)
        time.sleep(0.5)
        self._receiving.set()
        self._threads[1].join(5)


class Blast:
    """As many datagrams on a channel as this machine sends, in trains that the kernel cuts (UDP_SEGMENT)."""

    def __init__(self, client: TurnClient, channel: int, payload_size: int = 100, train: int = 40):
        self.sent = 0
        self._client, self._train = client, train
        self._message = stun.channel_data(channel, bytes(payload_size)) * train
        self._control = [(_SOL_UDP, _UDP_SEGMENT, struct.pack("H", payload_size + 4))]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._send, daemon=True)

    def _send(self) -> None:
        client: socket.socket = self._client.socket
        while not self._stopping.is_set():
            try:
                client.sendmsg([self._message], self._control)
                self.sent += self._train
            except OSError:
                time.sleep(0.001)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        self._thread.join(5)
