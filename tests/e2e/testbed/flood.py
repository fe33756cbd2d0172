"""Datagrams from addresses that are not ours: a raw socket that writes the IPv4 header itself."""

import itertools
import random
import socket
import struct
import threading
import time

from testbed.network import Host
from testbed.relay import PORT


def spoofed(source: str, source_port: int, destination: str, payload: bytes) -> bytes:
    """An IPv4/UDP packet. The kernel fills in the IP checksum and total length; UDP's may be 0 (RFC 768)."""
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 0, 0, 0, 64, socket.IPPROTO_UDP, 0,
                     socket.inet_aton(source), socket.inet_aton(destination))
    return ip + struct.pack("!HHHH", source_port, PORT, 8 + len(payload), 0) + payload


class Flood:
    """Sends up to `packets` datagrams, at about `rate_pps`, on a thread of its own while the `with` block lasts.

    Each comes from one of `sources` (198.18.0.0/15, counted up) and a random port; `make_payload()` is its content.
    """

    def __init__(self, host: Host, destination: str, sources: int, packets: int, rate_pps: int, make_payload):
        self.sent = 0
        self._destination = destination
        self._sources = itertools.cycle(range(1, sources + 1))
        self._packets, self._rate_pps, self._make_payload = packets, rate_pps, make_payload
        with host.entered():
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._send_all, daemon=True)

    def _send_all(self) -> None:
        start = time.monotonic()
        base = struct.unpack("!I", socket.inet_aton("198.18.0.0"))[0]
        while self.sent < self._packets and not self._stopping.is_set():
            source = socket.inet_ntoa(struct.pack("!I", base + next(self._sources)))
            packet = spoofed(source, random.randint(1024, 65535), self._destination, self._make_payload())
            self._socket.sendto(packet, (self._destination, 0))
            self.sent += 1
            ahead_s = self.sent / self._rate_pps - (time.monotonic() - start)
            if ahead_s > 0.005:
                time.sleep(ahead_s)

    def finish(self, timeout_s: float) -> None:
        """Waits until every packet has left."""
        self._thread.join(timeout_s)
        assert not self._thread.is_alive(), f"only {self.sent} of {self._packets} packets sent in {timeout_s} s"

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stopping.set()
        self._thread.join(10)
        self._socket.close()
