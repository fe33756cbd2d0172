"""Frames on their way to a host, read on the router's end of its link and put there again, as they were or changed."""

import socket
import struct
import time

from testbed.network import Host, Network

_ETH_P_ALL, _OUTGOING = 3, 4
_ETHERNET, _UDP = 14, 17


class Wiretap:
    """On the link of one host; `with` closes it."""

    def __init__(self, network: Network, host: Host):
        with network.router.entered():
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
            self._socket.bind((host.name, _ETH_P_ALL))

    def datagrams(self, to_port: int, wanted, count: int, timeout_s: float = 5) -> list[bytes]:
        """Frames of IPv4 UDP to that port whose payload is `wanted`; fewer than `count` when time is up."""
        frames: list[bytes] = []
        deadline = time.monotonic() + timeout_s
        while len(frames) < count and (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            try:
                frame, address = self._socket.recvfrom(65536)
            except TimeoutError:
                break
            if address[2] == _OUTGOING and _is_datagram(frame, to_port) and wanted(payload(frame)):
                frames.append(frame)
        return frames

    def send(self, frame: bytes) -> None:
        self._socket.send(frame)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._socket.close()


def _header_length(frame: bytes) -> int:
    return _ETHERNET + (frame[_ETHERNET] & 15) * 4 + 8


def _is_datagram(frame: bytes, to_port: int) -> bool:
    if len(frame) < _ETHERNET + 28 or frame[12:14] != b"\x08\x00" or frame[_ETHERNET + 9] != _UDP:
        return False
    return struct.unpack("!H", frame[_header_length(frame) - 6:_header_length(frame) - 4])[0] == to_port


def payload(frame: bytes) -> bytes:
    return frame[_header_length(frame):]


def with_payload(frame: bytes, changed: bytes) -> bytes:
    """The same datagram with another payload of the same length, without a checksum (IPv4 allows that)."""
    start = _header_length(frame)
    assert len(changed) == len(frame) - start
    return frame[:start - 2] + b"\0\0" + changed


def is_rtp(datagram: bytes) -> bool:
    """RFC 7983 and RFC 5761: not STUN, not DTLS, not RTCP."""
    return len(datagram) > 12 and 128 <= datagram[0] < 192 and not 192 <= datagram[1] < 224
